package observation

import "github.com/cordonhq/cordon"

// HL7Message is one HL7 version 2 message, acknowledgements included. One that
// comes without a frame around it (no MLLP) has no certain end: it is told
// when its header was read, and again, if it held more, when the next begins.
type HL7Message struct {
	Framed bool // by MLLP
	// Applications and facilities (MSH-3 to MSH-6) are namespace ids, or the
	// universal ids where there is no namespace.
	SendingApplication, SendingFacility     string
	ReceivingApplication, ReceivingFacility string
	SendingEUI64                            string // of MSH-3, where devices put it
	// Type, Trigger and Structure are MSH-9: ORU, R01, ORU_R01.
	Type, Trigger, Structure string
	ControlID                string // MSH-10
	Processing               string // MSH-11: P production, T training, D debugging
	Version                  string // MSH-12
	Charset                  string // MSH-18, first
	Profile                  string // MSH-21, first; IHE_PCD_001 and the like
	AckCode, AckOf           string // MSA-1: AA, AE, AR, CA, CE, CR; MSA-2

	// Patient stands in for PID-3.
	Patient string
	// Location is PV1-3 up to the bed, as "ICU^2^4".
	Location string
	Results  int // OBX segments

	// SoftwareVendor, SoftwareProduct and SoftwareVersion are the first SFT.
	SoftwareVendor, SoftwareProduct, SoftwareVersion string

	// Devices are those that the message names, at most 8.
	Devices []HL7Device
	// Several is true if the flow has named more than one device so far: the
	// sender then speaks for others.
	Several bool
}

// HL7Device is a device as results name it: OBX-18, the PRT and EQU segments,
// and the device rows of IHE PCD-01.
type HL7Device struct {
	ID     string // entity identifier
	System string // namespace or universal id that makes ID unique
	EUI64  string
	UDI    string
	// Type is the ISO/IEEE 11073-10101 reference id without its level, as
	// MDC_DEV_PUMP_INFUS.
	Type         string
	Manufacturer string
	Model        string
	Serial       string
	Software     string
}

// Protocol implements Observation.
func (HL7Message) Protocol() cordon.Protocol { return cordon.HL7 }

// Facts implements Observation.
func (m HL7Message) Facts(yield func(Fact)) {
	fact(yield, Sender, "sending-application", m.SendingApplication)
	fact(yield, Sender, "sending-facility", m.SendingFacility)
	fact(yield, Sender, "sending-eui64", m.SendingEUI64)
	fact(yield, Receiver, "receiving-application", m.ReceivingApplication)
	fact(yield, Receiver, "receiving-facility", m.ReceivingFacility)
	if m.Type != "" && m.Type != "ACK" && m.AckCode == "" {
		name := m.Type
		if m.Trigger != "" {
			name += "^" + m.Trigger
		}
		fact(yield, Sender, "sends-message", name)
		fact(yield, Receiver, "receives-message", name)
	}
	fact(yield, Sender, "message-profile", m.Profile)
	fact(yield, Sender, "software-vendor", m.SoftwareVendor)
	fact(yield, Sender, "software-product", m.SoftwareProduct)
	fact(yield, Sender, "software-version", m.SoftwareVersion)
	for _, d := range m.Devices {
		if m.Several {
			fact(yield, Sender, "speaks-for", d.Type)
			continue
		}
		fact(yield, Sender, "mdc-device-type", d.Type)
		fact(yield, Receiver, "hears-from", d.Type)
		fact(yield, Sender, "device-identifier", d.ID)
		fact(yield, Sender, "device-eui64", d.EUI64)
		fact(yield, Sender, "udi", d.UDI)
		fact(yield, Sender, "device-manufacturer", d.Manufacturer)
		fact(yield, Sender, "device-model", d.Model)
		fact(yield, Sender, "device-serial-number", d.Serial)
		fact(yield, Sender, "device-software", d.Software)
	}
}
