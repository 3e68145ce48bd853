package cordon

import "fmt"

// Kind is the class of a device, as a stable lower-case token.
type Kind string

// The kinds of device. Rules and people may only use these.
const (
	KindUnknown        Kind = "unknown"
	InfusionPump       Kind = "infusion-pump"
	PumpGateway        Kind = "pump-gateway"
	PatientMonitor     Kind = "patient-monitor"
	CentralStation     Kind = "central-station"
	Ventilator         Kind = "ventilator"
	Anesthesia         Kind = "anesthesia-machine"
	Dialysis           Kind = "dialysis-machine"
	Defibrillator      Kind = "defibrillator"
	ImagingModality    Kind = "imaging-modality"
	PACS               Kind = "pacs"
	ImagingWorkstation Kind = "imaging-workstation"
	LabAnalyzer        Kind = "lab-analyzer"
	LabSystem          Kind = "lab-system"
	EHR                Kind = "ehr-server"
	InterfaceEngine    Kind = "interface-engine"
	MedicalGateway     Kind = "medical-gateway"
	MedicalDevice      Kind = "medical-device"
	MedicationCabinet  Kind = "medication-cabinet"
	Wearable           Kind = "wearable"
	NurseCall          Kind = "nurse-call"
	MedicalGasPanel    Kind = "medical-gas-panel"
	BuildingController Kind = "building-controller"
	IndustrialControl  Kind = "industrial-controller"
	Workstation        Kind = "workstation"
	Server             Kind = "server"
	DatabaseServer     Kind = "database-server"
	FileServer         Kind = "file-server"
	DirectoryServer    Kind = "directory-server"
	MessageBroker      Kind = "message-broker"
	Phone              Kind = "phone"
	VoIPPhone          Kind = "voip-phone"
	Tablet             Kind = "tablet"
	Camera             Kind = "camera"
	Printer            Kind = "printer"
	UPS                Kind = "ups"
	MediaDevice        Kind = "media-device"
	IoT                Kind = "iot"
	NetworkGear        Kind = "network-gear"
	Router             Kind = "router"
	AccessPoint        Kind = "access-point"
	VirtualMachineHost Kind = "vm-host"
)

// Criticality says what care loses when a device falls silent.
type Criticality string

// The criticalities, most critical first.
const (
	LifeSustaining Criticality = "life-sustaining" // a patient may die within minutes
	CareCritical   Criticality = "care-critical"   // diagnosis or treatment stops
	CareSupporting Criticality = "care-supporting" // care goes on with more work
	NonClinical    Criticality = "non-clinical"    // no patient notices
)

// KindInfo is what is known of a kind before anybody has looked at the device.
type KindInfo struct {
	Kind  Kind   `json:"kind"`
	Title string `json:"title" doc:"Name in plain words, singular"`
	// Group is the larger class under which the console gathers kinds.
	Group string `json:"group"`
	// Function is the clinical function in a clinician's words; empty for
	// kinds that serve none.
	Function    string      `json:"function"`
	Criticality Criticality `json:"criticality"`
}

// The groups of kinds, in the order in which people care about them.
const (
	GroupLifeSupport    = "Life support and monitoring"
	GroupImaging        = "Imaging"
	GroupLaboratory     = "Laboratory and medication"
	GroupClinicalIT     = "Clinical systems"
	GroupWearable       = "Wearables and calls"
	GroupBuilding       = "Building"
	GroupOffice         = "Office"
	GroupInfrastructure = "Infrastructure"
	GroupUnknown        = "Not identified yet"
)

// Kinds lists every kind in the order of its group. The caller must not change
// it.
var Kinds = []KindInfo{
	{InfusionPump, "Infusion pump", GroupLifeSupport, "Infusion", LifeSustaining},
	{Ventilator, "Ventilator", GroupLifeSupport, "Ventilation", LifeSustaining},
	{Anesthesia, "Anaesthesia machine", GroupLifeSupport, "Anaesthesia", LifeSustaining},
	{Dialysis, "Dialysis machine", GroupLifeSupport, "Dialysis", LifeSustaining},
	{Defibrillator, "Defibrillator", GroupLifeSupport, "Resuscitation", LifeSustaining},
	{PatientMonitor, "Patient monitor", GroupLifeSupport, "Vital signs monitoring", LifeSustaining},
	{CentralStation, "Monitoring central station", GroupLifeSupport, "Vital signs monitoring", LifeSustaining},
	{PumpGateway, "Pump gateway", GroupLifeSupport, "Infusion management", CareCritical},
	{MedicalGasPanel, "Medical gas panel", GroupLifeSupport, "Medical gas supply", LifeSustaining},
	{MedicalDevice, "Medical device", GroupLifeSupport, "Patient care", CareCritical},
	{ImagingModality, "Imaging modality", GroupImaging, "Imaging", CareCritical},
	{PACS, "Picture archive (PACS)", GroupImaging, "Image archive", CareCritical},
	{ImagingWorkstation, "Imaging workstation", GroupImaging, "Image reading", CareCritical},
	{LabAnalyzer, "Laboratory analyser", GroupLaboratory, "Laboratory", CareCritical},
	{LabSystem, "Laboratory system", GroupLaboratory, "Laboratory", CareCritical},
	{MedicationCabinet, "Medication cabinet", GroupLaboratory, "Medication", CareCritical},
	{EHR, "Health record server", GroupClinicalIT, "Patient records", CareCritical},
	{InterfaceEngine, "Interface engine", GroupClinicalIT, "Clinical messaging", CareCritical},
	{MedicalGateway, "Medical device gateway", GroupClinicalIT, "Device integration", CareCritical},
	{Wearable, "Wearable", GroupWearable, "Remote monitoring", CareCritical},
	{NurseCall, "Nurse call", GroupWearable, "Nurse call", CareCritical},
	{BuildingController, "Building controller", GroupBuilding, "", CareSupporting},
	{IndustrialControl, "Industrial controller", GroupBuilding, "", CareSupporting},
	{Camera, "Camera", GroupBuilding, "", NonClinical},
	{UPS, "Power supply (UPS)", GroupBuilding, "", CareSupporting},
	{Workstation, "Workstation", GroupOffice, "", CareSupporting},
	{Tablet, "Tablet", GroupOffice, "", NonClinical},
	{Phone, "Mobile phone", GroupOffice, "", NonClinical},
	{VoIPPhone, "Desk phone", GroupOffice, "", CareSupporting},
	{Printer, "Printer", GroupOffice, "", NonClinical},
	{MediaDevice, "Media device", GroupOffice, "", NonClinical},
	{Server, "Server", GroupInfrastructure, "", CareSupporting},
	{DatabaseServer, "Database server", GroupInfrastructure, "", CareCritical},
	{FileServer, "File server", GroupInfrastructure, "", CareSupporting},
	{DirectoryServer, "Directory server", GroupInfrastructure, "", CareCritical},
	{MessageBroker, "Message broker", GroupInfrastructure, "", CareSupporting},
	{VirtualMachineHost, "Virtual machine host", GroupInfrastructure, "", CareSupporting},
	{Router, "Router", GroupInfrastructure, "", CareCritical},
	{AccessPoint, "Access point", GroupInfrastructure, "", CareSupporting},
	{NetworkGear, "Network equipment", GroupInfrastructure, "", CareCritical},
	{IoT, "Connected thing", GroupUnknown, "", NonClinical},
	{KindUnknown, "Not identified yet", GroupUnknown, "", NonClinical},
}

var kindInfos = func() map[Kind]KindInfo {
	m := make(map[Kind]KindInfo, len(Kinds))
	for _, k := range Kinds {
		m[k.Kind] = k
	}
	return m
}()

// Info returns what is known of k; an undefined kind answers as KindUnknown.
func (k Kind) Info() KindInfo {
	if i, ok := kindInfos[k]; ok {
		return i
	}
	return kindInfos[KindUnknown]
}

// ParseKind returns the kind with that token.
func ParseKind(token string) (Kind, error) {
	if _, ok := kindInfos[Kind(token)]; !ok {
		return KindUnknown, fmt.Errorf("unknown device kind %q: use one of the kinds listed by the API under /api/v1/kinds", token)
	}
	return Kind(token), nil
}
