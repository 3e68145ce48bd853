package observation

import "github.com/cordonhq/cordon"

// MQTTConnect is a client's CONNECT (MQTT 3.1.1 and 5.0 §3.1).
type MQTTConnect struct {
	Level    uint8 // 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0
	Bridge   bool  // the client is another broker (Mosquitto's and others' bridges say so)
	ClientID string
	// Username and Password tell whether they were sent, never what they are.
	Username, Password bool
	Clean              bool // session (3.x), start (5.0)
	KeepAlive          uint16
	WillTopic          string
	AuthMethod         string // MQTT 5.0
}

// Protocol implements Observation.
func (MQTTConnect) Protocol() cordon.Protocol { return cordon.MQTT }

// Facts implements Observation.
func (m MQTTConnect) Facts(yield func(Fact)) {
	fact(yield, Sender, "client-id", m.ClientID)
	fact(yield, Sender, "will-topic", m.WillTopic)
	if m.Bridge {
		fact(yield, Sender, "bridge", "yes")
	}
}

// ClearText implements Credential.
func (m MQTTConnect) ClearText() bool { return m.Password }

// MQTTConnack is the broker's answer (§3.2).
type MQTTConnack struct {
	Level uint8 // that of the CONNECT, 0 if it was not seen
	// Code is 0 for accepted; 4 and 5 (3.x) or 0x86 and 0x87 (5.0) refuse the
	// credentials or the client.
	Code             uint8
	AssignedClientID string // MQTT 5.0
}

// Refused reports whether the client's credentials or rights did not suffice.
func (m MQTTConnack) Refused() bool {
	switch m.Code {
	case 4, 5, 0x86, 0x87, 0x8c:
		return true
	}
	return false
}

// Protocol implements Observation.
func (MQTTConnack) Protocol() cordon.Protocol { return cordon.MQTT }

// Facts implements Observation.
func (m MQTTConnack) Facts(yield func(Fact)) {
	fact(yield, Receiver, "client-id", m.AssignedClientID)
}

// MQTTPublish is the first PUBLISH (§3.3) of a topic in its direction of a
// flow; at most 64 topics a direction are told.
type MQTTPublish struct {
	FromClient bool
	Topic      string // a patient's identifier in it is replaced by a stand-in
	QoS        uint8
	Retain     bool
	Size       uint32 // of the payload and, in MQTT 5.0, the properties, in bytes
}

// Protocol implements Observation.
func (MQTTPublish) Protocol() cordon.Protocol { return cordon.MQTT }

// Facts implements Observation.
func (m MQTTPublish) Facts(yield func(Fact)) {
	if m.FromClient {
		fact(yield, Sender, "publishes-topic", m.Topic)
	} else {
		fact(yield, Receiver, "receives-topic", m.Topic)
	}
}

// MQTTSubscribe is a client's SUBSCRIBE (§3.8) or UNSUBSCRIBE (§3.10).
type MQTTSubscribe struct {
	Unsubscribe bool
	Filters     []string // at most 16
}

// Protocol implements Observation.
func (MQTTSubscribe) Protocol() cordon.Protocol { return cordon.MQTT }

// Facts implements Observation.
func (m MQTTSubscribe) Facts(yield func(Fact)) {
	if m.Unsubscribe {
		return
	}
	for _, f := range m.Filters {
		fact(yield, Sender, "subscribes-topic", f)
	}
}

// MQTTDisconnect is the end of a session (§3.14) with its reason; MQTT 3.x has
// none but 0.
type MQTTDisconnect struct {
	FromClient bool
	Reason     uint8
}

// Protocol implements Observation.
func (MQTTDisconnect) Protocol() cordon.Protocol { return cordon.MQTT }

// Facts implements Observation.
func (MQTTDisconnect) Facts(func(Fact)) {}
