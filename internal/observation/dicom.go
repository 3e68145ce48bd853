package observation

import (
	"fmt"

	"github.com/cordonhq/cordon"
)

// DICOMAssociate is an A-ASSOCIATE request or its acceptance (PS3.8 §9.3.2,
// §9.3.3).
type DICOMAssociate struct {
	Accepted bool // the acceptance; false for the request
	// AE titles without padding. In an acceptance they are those of the
	// request if that was seen, since PS3.8 lets the answer hold anything.
	CalledAE, CallingAE string
	ApplicationContext  string
	// Contexts holds at most 128, as the protocol does.
	Contexts              []DICOMContext
	MaxPDU                uint32 // bytes that the sender takes in one P-DATA, 0 for any
	ImplementationClass   string // UID
	ImplementationVersion string
	// UserIdentity is the type of PS3.7 §D.3.3.7.1 (1 name, 2 name and
	// password, 3 Kerberos, 4 SAML, 5 JWT), 0 if the requestor named no user.
	UserIdentity uint8
}

// DICOMContext is one presentation context.
type DICOMContext struct {
	ID             uint8
	AbstractSyntax string // UID; in an acceptance that of the request, if seen
	// TransferSyntaxes are UIDs, at most 16; one in an acceptance.
	TransferSyntaxes []string
	Result           uint8 // in an acceptance: 0 accepted, 1 to 4 why not
}

// maxContextFacts is how many contexts a device may propose for each to say
// something: archives and toolkits propose every class there is.
const maxContextFacts = 16

// Protocol implements Observation.
func (DICOMAssociate) Protocol() cordon.Protocol { return cordon.DICOM }

// Facts implements Observation.
func (a DICOMAssociate) Facts(yield func(Fact)) {
	fact(yield, Sender, "implementation-class-uid", a.ImplementationClass)
	fact(yield, Sender, "implementation-version", a.ImplementationVersion)
	field := "proposed-sop-class"
	if a.Accepted {
		field = "accepted-sop-class"
		fact(yield, Sender, "called-ae-title", a.CalledAE)
	} else {
		fact(yield, Sender, "calling-ae-title", a.CallingAE)
		fact(yield, Receiver, "called-ae-title", a.CalledAE)
	}
	if len(a.Contexts) > maxContextFacts {
		return
	}
	for _, c := range a.Contexts {
		if c.Result == 0 && c.AbstractSyntax != dicomVerification {
			fact(yield, Sender, field, DICOMClassName(c.AbstractSyntax))
		}
	}
}

// ClearText implements Credential.
func (a DICOMAssociate) ClearText() bool { return !a.Accepted && a.UserIdentity == 2 }

// DICOMReject is an A-ASSOCIATE-RJ (PS3.8 §9.3.4).
type DICOMReject struct {
	Result uint8 // 1 permanent, 2 transient
	Source uint8 // 1 service user, 2 provider (ACSE), 3 provider (presentation)
	Reason uint8 // depends on Source; source 1: 3 calling AE unknown, 7 called AE unknown
}

// Protocol implements Observation.
func (DICOMReject) Protocol() cordon.Protocol { return cordon.DICOM }

// Facts implements Observation.
func (DICOMReject) Facts(func(Fact)) {}

// DICOMEnd is the end of an association: A-RELEASE-RQ or A-ABORT (PS3.8
// §9.3.6, §9.3.8).
type DICOMEnd struct {
	Abort  bool
	Source uint8 // of an abort: 0 service user, 2 provider
	Reason uint8 // of a provider's abort
}

// Protocol implements Observation.
func (DICOMEnd) Protocol() cordon.Protocol { return cordon.DICOM }

// Facts implements Observation.
func (DICOMEnd) Facts(func(Fact)) {}

// DICOMOperation is a DIMSE command field (PS3.7 §E.1).
type DICOMOperation uint16

// The DIMSE requests. A response has the number of its request with the
// highest bit set.
const (
	DICOMStore       DICOMOperation = 0x0001
	DICOMGet         DICOMOperation = 0x0010
	DICOMFind        DICOMOperation = 0x0020
	DICOMMove        DICOMOperation = 0x0021
	DICOMEcho        DICOMOperation = 0x0030
	DICOMEventReport DICOMOperation = 0x0100
	DICOMNGet        DICOMOperation = 0x0110
	DICOMNSet        DICOMOperation = 0x0120
	DICOMNAction     DICOMOperation = 0x0130
	DICOMNCreate     DICOMOperation = 0x0140
	DICOMNDelete     DICOMOperation = 0x0150
	DICOMCancel      DICOMOperation = 0x0fff
	dicomResponse    DICOMOperation = 0x8000
)

var dicomOperations = map[DICOMOperation]string{
	DICOMStore: "C-STORE", DICOMGet: "C-GET", DICOMFind: "C-FIND", DICOMMove: "C-MOVE", DICOMEcho: "C-ECHO",
	DICOMEventReport: "N-EVENT-REPORT", DICOMNGet: "N-GET", DICOMNSet: "N-SET", DICOMNAction: "N-ACTION",
	DICOMNCreate: "N-CREATE", DICOMNDelete: "N-DELETE", DICOMCancel: "C-CANCEL",
}

// Response reports whether o is an answer.
func (o DICOMOperation) Response() bool { return o&dicomResponse != 0 }

// String returns the name in PS3.7, as "C-STORE-RQ".
func (o DICOMOperation) String() string {
	name, ok := dicomOperations[o&^dicomResponse]
	switch {
	case !ok:
		return fmt.Sprintf("command-%04x", uint16(o))
	case o.Response():
		return name + "-RSP"
	}
	return name + "-RQ"
}

// DICOMCommand is one DIMSE command set (PS3.7 §6.3). Answers that only say
// that more will follow are left out.
type DICOMCommand struct {
	Operation   DICOMOperation
	Context     uint8 // presentation context
	MessageID   uint16
	RespondedTo uint16 // message answered, in a response
	// SOPClass and SOPInstance are UIDs, affected or requested.
	SOPClass, SOPInstance string
	Status                uint16 // in a response: 0 success
	Priority              uint16 // 0 medium, 1 high, 2 low
	MoveDestination       string // AE title, in a C-MOVE-RQ
	MoveOriginator        string // AE title, in a C-STORE-RQ made on behalf of a C-MOVE
	HasDataSet            bool
}

// Protocol implements Observation.
func (DICOMCommand) Protocol() cordon.Protocol { return cordon.DICOM }

// Facts implements Observation: which side uses a service and which provides
// it.
func (d DICOMCommand) Facts(yield func(Fact)) {
	if d.Operation.Response() || d.SOPClass == "" || d.SOPClass == dicomVerification {
		return
	}
	user, provider := Sender, Receiver
	if d.Operation == DICOMEventReport { // the one request that providers send
		user, provider = Receiver, Sender
	}
	fact(yield, user, "scu-of", DICOMClassName(d.SOPClass))
	fact(yield, provider, "scp-of", DICOMClassName(d.SOPClass))
}

// DICOMEquipment is what the head of a data set says of the equipment that
// made it. It is told once for an association unless it changes.
type DICOMEquipment struct {
	// Operation is DICOMStore, DICOMNCreate or, for the keys of a worklist
	// query, DICOMFind.
	Operation DICOMOperation
	// Own is true if the sender is likely the equipment itself: it does not
	// move on behalf of another, and all that it sent in the association came
	// from one machine. Archives forward what others made.
	Own          bool
	Modality     string // (0008,0060) as CT, MR, US
	Manufacturer string // (0008,0070)
	Institution  string // (0008,0080)
	Station      string // (0008,1010), or (0040,0001) in a worklist query
	Department   string // (0008,1040)
	Model        string // (0008,1090)
	SerialNumber string // (0018,1000)
	Software     string // (0018,1020), versions separated by backslashes
	// Patient stands in for (0010,0020).
	Patient string
}

// Protocol implements Observation.
func (DICOMEquipment) Protocol() cordon.Protocol { return cordon.DICOM }

// Facts implements Observation.
func (d DICOMEquipment) Facts(yield func(Fact)) {
	if !d.Own {
		return
	}
	fact(yield, Sender, "modality", d.Modality)
	fact(yield, Sender, "manufacturer", d.Manufacturer)
	fact(yield, Sender, "model-name", d.Model)
	fact(yield, Sender, "station-name", d.Station)
	fact(yield, Sender, "institution-name", d.Institution)
	fact(yield, Sender, "department-name", d.Department)
	fact(yield, Sender, "device-serial-number", d.SerialNumber)
	fact(yield, Sender, "software-versions", d.Software)
}
