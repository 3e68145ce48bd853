package mqtt_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/mqtt"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/corpus"
)

func packet(first byte, body string) string {
	head := []byte{first}
	for n := len(body); ; n >>= 7 {
		if n < 0x80 {
			return string(append(head, byte(n))) + body
		}
		head = append(head, byte(n)|0x80)
	}
}

func str(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

func connect(level, flags byte, rest string) string {
	return packet(0x10, str("MQTT")+string([]byte{level, flags, 0, 60})+rest)
}

func publish(first byte, topic, payload string) string {
	return packet(first, str(topic)+payload)
}

var (
	connect4 = connect(4, 0xc6, str("pump-12")+str("devices/pump-12/state")+str("gone")+str("user")+str("secret"))
	connect5 = connect(5, 0x02, "\x0d\x11\x00\x00\x00\x0a\x15"+str("SCRAM")+str(""))
)

func TestObservations(t *testing.T) {
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"session of 3.1.1", []Piece{Out(connect4), In(packet(0x20, "\x00\x00")), Out(packet(0x82, "\x00\x01"+str("cmd/#")+"\x01"+str("time")+"\x00")), Out(publish(0x31, "devices/pump-12/rate", "12.5")), Out(packet(0xe0, ""))},
			[]observation.Observation{
				observation.MQTTConnect{Level: 4, ClientID: "pump-12", Username: true, Password: true, Clean: true, KeepAlive: 60, WillTopic: "devices/pump-12/state"},
				observation.MQTTConnack{Level: 4},
				observation.MQTTSubscribe{Filters: []string{"cmd/#", "time"}},
				observation.MQTTPublish{FromClient: true, Topic: "devices/pump-12/rate", Retain: true, Size: 4},
				observation.MQTTDisconnect{FromClient: true},
			}},
		{"3.1, refused", []Piece{Out(packet(0x10, str("MQIsdp")+"\x83\x00\x00\x0a"+str("bridge1"))), In(packet(0x20, "\x00\x05"))},
			[]observation.Observation{
				observation.MQTTConnect{Level: 3, Bridge: true, ClientID: "bridge1", KeepAlive: 10},
				observation.MQTTConnack{Level: 3, Code: 5},
			}},
		{"5.0 with an assigned id", []Piece{Out(connect5), In(packet(0x20, "\x00\x00\x0a\x12"+str("auto-77")))},
			[]observation.Observation{
				observation.MQTTConnect{Level: 5, Clean: true, KeepAlive: 60, AuthMethod: "SCRAM"},
				observation.MQTTConnack{Level: 5, AssignedClientID: "auto-77"},
			}},
		{"a topic is told once a direction", []Piece{Out(connect4), Out(publish(0x30, "a", "1")), Out(publish(0x32, "b", "\x00\x01x")), Out(publish(0x30, "a", "2")), In(publish(0x30, "a", "3"))},
			[]observation.Observation{
				observation.MQTTConnect{Level: 4, ClientID: "pump-12", Username: true, Password: true, Clean: true, KeepAlive: 60, WillTopic: "devices/pump-12/state"},
				observation.MQTTPublish{FromClient: true, Topic: "a", Size: 1},
				observation.MQTTPublish{FromClient: true, Topic: "b", QoS: 1, Size: 1},
				observation.MQTTPublish{Topic: "a", Size: 1},
			}},
		{"large payload is passed over", []Piece{Out(connect4), Out(publish(0x30, "image", strings.Repeat("x", 300000))), Out(publish(0x30, "after", ""))},
			[]observation.Observation{
				observation.MQTTConnect{Level: 4, ClientID: "pump-12", Username: true, Password: true, Clean: true, KeepAlive: 60, WillTopic: "devices/pump-12/state"},
				observation.MQTTPublish{FromClient: true, Topic: "image", Size: 300000},
				observation.MQTTPublish{FromClient: true, Topic: "after"},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var pieces []Piece
			for _, p := range tt.pieces {
				for chunk := range slices.Chunk(p.Data, 1460) {
					pieces = append(pieces, Piece{Dir: p.Dir, Data: chunk})
				}
			}
			s := Run(mqtt.Dissector(), pieces...)
			if s.Flow.Protocol != cordon.MQTT {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
			for _, f := range s.Facts {
				if strings.Contains(f, "secret") || strings.HasSuffix(f, "=user") {
					t.Errorf("a secret leaves the parser: %s", f)
				}
			}
		})
	}
}

func TestTopicsAreBounded(t *testing.T) {
	pieces := []Piece{Out(connect4)}
	for i := range 500 {
		pieces = append(pieces, Out(publish(0x30, fmt.Sprint("t/", i), "")))
	}
	if n := len(Run(mqtt.Dissector(), pieces...).Observations); n != 65 {
		t.Errorf("%d observations, want the connection and 64 topics", n)
	}
}

func TestPatientsInTopicsAreReplaced(t *testing.T) {
	s := Run(mqtt.Dissector(), Out(connect4), Out(publish(0x30, "ward3/Patient/0815/hr", "72")))
	topic := s.Observations[1].(observation.MQTTPublish).Topic
	if strings.Contains(topic, "0815") || !strings.HasPrefix(topic, "ward3/Patient/p-") || !strings.HasSuffix(topic, "/hr") {
		t.Errorf("topic %q", topic)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"connect", dissect.Head{Data: []byte(connect4)}, dissect.Sure},
		{"start of a connect", dissect.Head{Data: []byte(connect4[:5])}, dissect.More},
		{"other protocol name", dissect.Head{Data: []byte(strings.Replace(connect4, "MQTT", "MQTS", 1))}, dissect.NotMine},
		{"publish midway", dissect.Head{Data: []byte(publish(0x30, "a/b", "1")), Midway: true}, dissect.Likely},
		{"publish and its acknowledgement", dissect.Head{Data: []byte("\x40\x02\x00\x02"), Other: []byte(publish(0x32, "a/b", "\x00\x021"))}, dissect.Likely},
		{"publish alone", dissect.Head{Data: []byte(publish(0x30, "a/b", "1"))}, dissect.Weak},
		{"publish, but the other side speaks something else", dissect.Head{Data: []byte(publish(0x30, "a/b", "1")), Other: []byte("HTTP/1.1 200 OK")}, dissect.NotMine},
		{"SMTP", dissect.Head{Data: []byte("220 mail.clinic ESMTP Postfix\r\n")}, dissect.NotMine},
		{"ping on its port", dissect.Head{Data: []byte("\xc0\x00"), Hint: true}, dissect.Likely},
		{"ping and answer elsewhere", dissect.Head{Data: []byte("\xc0\x00"), Other: []byte("\xd0\x00")}, dissect.Weak},
		{"ping with a length", dissect.Head{Data: []byte("\xc0\x01\x00"), Hint: true}, dissect.NotMine},
		{"text", dissect.Head{Data: []byte("GET / HTTP/1.1\r\n"), Hint: true}, dissect.NotMine},
		{"TLS", dissect.Head{Data: []byte("\x16\x03\x01\x00\x05"), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mqtt.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCorpus(t *testing.T) {
	table := dissect.Table{Flows: []dissect.Dissector{mqtt.Dissector()}}
	files, err := filepath.Glob(filepath.Join(corpus.Dir(t), "pcap", "protocols", "*", "mqtt*-pub-userpass*.pcap"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, file := range files {
		dir, base := filepath.Split(file)
		t.Run(base, func(t *testing.T) {
			connects, publishes := 0, 0
			for _, s := range Replay(t, table, "protocols", filepath.Base(dir), base) {
				for _, o := range s.Observations {
					switch o.(type) {
					case observation.MQTTConnect:
						connects++
					case observation.MQTTPublish:
						publishes++
					}
				}
			}
			if connects == 0 || publishes == 0 {
				t.Errorf("%d connections and %d topics", connects, publishes)
			}
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	if n := Allocs(mqtt.Dissector(), Out(connect4), In(packet(0x20, "\x00\x00")), Out(publish(0x30, "devices/pump-12/rate", "12.5"))); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, mqtt.Dissector(),
		[]Piece{Out(connect4 + packet(0x82, "\x00\x01"+str("cmd/#")+"\x01") + publish(0x32, "a/patient/7/b", "\x00\x01x")), In(packet(0x20, "\x00\x00") + publish(0x30, "a", "3"))},
		[]Piece{Out(connect5 + packet(0x82, "\x00\x01\x00"+str("cmd/#")+"\x01") + packet(0xe0, "\x04")), In(packet(0x20, "\x00\x00\x0a\x12"+str("auto-77")))},
		[]Piece{Out(packet(0x10, str("MQIsdp")+"\x83\x00\x00\x0a"+str("bridge1")) + packet(0xa2, "\x00\x02"+str("x")))},
	)
}
