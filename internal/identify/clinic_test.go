package identify_test

import (
	"strings"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// The devices of a clinic, by what sensors see of them: a MAC address of the
// maker's and lines of "source field value".
var clinic = []struct {
	name, mac, shows    string
	kind                cordon.Kind
	vendor, model, soft string // "" if it is not to be known
	atLeast             float64
}{
	{"CT scanner", "00:18:65", `
		dhcp vendor-class MSFT 5.0
		dhcp parameter-list 1,3,6,15,31,33,43,44,46,47,119,121,249,252
		dicom implementation-class-uid 1.3.12.2.1107.5.1.4
		dicom calling-ae-title CT01
		dicom scu-of CT Image Storage
		dicom scu-of Modality Worklist - FIND
		dicom modality CT
		dicom manufacturer SIEMENS
		dicom manufacturer Siemens Healthineers
		dicom model-name SOMATOM go.Up
		role uses dicom
		role uses smb2
		stack initial-ttl 128`, cordon.ImagingModality, "Siemens Healthineers", "SOMATOM go.Up", "", 0.8},
	{"ultrasound with a toolkit", "44:4b:5d", `
		dicom implementation-class-uid 1.2.276.0.7230010.3.0.3.6.7
		dicom implementation-version OFFIS_DCMTK_367
		dicom scu-of Ultrasound Multi-frame Image Storage
		dicom model-name LOGIQ E10
		dicom modality US
		role uses dicom`, cordon.ImagingModality, "GE HealthCare", "LOGIQ E10", "DCMTK 3.6.7", 0.85},
	{"archive", "00:25:90", `
		dicom implementation-version OFFIS_DCMTK_367
		dicom scp-of CT Image Storage
		dicom scp-of Study Root Query/Retrieve - FIND
		dicom called-ae-title ORTHANC
		role serves dicom
		role serves-many dicom
		role serves http
		http title Orthanc Explorer`, cordon.PACS, "Super Micro", "", "Orthanc", 0.8},
	{"reading workstation", "98:e7:43", `
		dhcp vendor-class MSFT 5.0
		dicom scu-of Study Root Query/Retrieve - MOVE
		dicom scp-of CT Image Storage
		role uses dicom
		role serves dicom
		role uses smb2
		http user-agent Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36`, cordon.ImagingWorkstation, "Dell", "", "", 0.5},
	{"infusion pump", "00:03:b1", `
		hl7 mdc-device-type MDC_DEV_PUMP_INFUS_VMD
		hl7 message-profile IHE_PCD_001
		hl7 device-identifier Plum 360
		role uses hl7`, cordon.InfusionPump, "ICU Medical", "Plum 360", "", 0.85},
	{"pump gateway", "00:50:56", `
		hl7 speaks-for MDC_DEV_PUMP_INFUS_VMD
		hl7 message-profile IHE_PCD_010
		role uses hl7
		role serves hl7`, cordon.PumpGateway, "VMware", "", "", 0.6},
	{"patient monitor", "00:0f:14", `
		hl7 mdc-device-type MDC_DEV_MON_PT_PHYSIO_MULTI_PARAM_MDS
		hl7 device-model BeneVision N15
		role uses hl7`, cordon.PatientMonitor, "Mindray", "BeneVision N15", "", 0.85},
	{"ventilator", "00:10:5d", `
		hl7 mdc-device-type MDC_DEV_SYS_PT_VENT_MDS
		hl7 device-model Evita V800
		wsd medical-type MedicalDevice
		role uses hl7`, cordon.Ventilator, "Dräger", "Evita V800", "", 0.85},
	{"gas panel", "00:15:28", `
		modbus vendor-name BeaconMedaes
		modbus product-name TotalAlert Embedded
		role serves modbus`, cordon.MedicalGasPanel, "BeaconMedaes", "TotalAlert Embedded", "", 0.75},
	{"thermostat", "00:10:8d", `
		bacnet vendor-name Johnson Controls
		bacnet model-name TEC3000
		bacnet object-name Thermostat-Room-2
		role serves bacnet`, cordon.BuildingController, "Johnson Controls", "TEC3000", "", 0.85},
	{"power supply", "00:c0:b7", `
		snmp sys-descr APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.4.6 PN:apc_hw05_aos_646.bin AF1:v6.4.6 MN:AP9630 HR:05 SN: X)
		snmp sys-object-id 1.3.6.1.4.1.318.1.3.27
		role serves snmp`, cordon.UPS, "APC", "AP9630", "", 0.9},
	{"printer", "00:21:b7", `
		snmp sys-descr Lexmark MX722 version MXTGV.052.024 kernel 4.11.12-yocto
		mdns service _ipp._tcp
		mdns txt-usb-mfg Lexmark
		mdns txt-usb-mdl MX722
		role serves-port tcp/9100`, cordon.Printer, "Lexmark", "MX722", "", 0.9},
	{"record database", "00:50:56", `
		role serves postgresql
		role serves-port tcp/5432
		role serves ssh
		ssh software OpenSSH_9.2p1 Debian-2+deb12u2`, cordon.DatabaseServer, "VMware", "", "OpenSSH 9.2p1", 0.5},
	{"domain controller", "00:50:56", `
		role serves kerberos
		role serves ldap
		role serves smb2
		role serves dns
		role serves-many ldap
		ldap functional-level 7
		smb2 os-version 10.0.20348.15`, cordon.DirectoryServer, "VMware", "", "Active Directory", 0.9},
	{"record system", "00:50:56", `
		hl7 sending-application EPIC
		hl7 sends-message ADT^A01
		fhir fhir-publisher Epic Systems Corporation
		role serves fhir
		role serves hl7
		http server nginx/1.22.1`, cordon.EHR, "Epic", "", "", 0.7},
	{"interface engine", "00:50:56", `
		hl7 receiving-application MIRTH
		role uses hl7
		role serves hl7
		role serves-many hl7`, cordon.InterfaceEngine, "NextGen", "", "Mirth Connect", 0.8},
	{"camera", "ac:cc:8e", `
		dhcp vendor-class AXIS,Network Camera,P3343,5.20.3
		role serves rtsp`, cordon.Camera, "Axis", "P3343", "AXIS OS 5.20.3", 0.9},
	{"desk phone", "00:1b:54", `
		dhcp vendor-class Cisco Systems, Inc. IP Phone CP-7941G
		cdp platform Cisco IP Phone 7941
		tftp file SEP001B54112233.cnf.xml`, cordon.VoIPPhone, "Cisco", "", "", 0.9},
	{"switch", "00:1b:54", `
		lldp system-description Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 12.2(55)SE5, RELEASE SOFTWARE (fc1)
		cdp platform cisco WS-C2960-24TT-L`, cordon.NetworkGear, "Cisco", "WS-C2960-24TT-L", "", 0.9},
	{"visitor's phone", "d2:11:77", `
		dhcp vendor-class android-dhcp-13
		dhcp parameter-list 1,3,6,15,26,28,51,58,59,43,114,108
		dhcp hostname Pixel-7`, cordon.Phone, "Google", "Pixel-7", "", 0.7},
	{"wearable", "24:6f:28", `
		mqtt client-id wearable-0012
		mqtt publishes-topic clinic/wearables/p-1/spo2
		role uses mqtt`, cordon.Wearable, "Espressif", "", "", 0.5},
	{"ward computer", "9c:7b:ef", `
		dhcp vendor-class MSFT 5.0
		dhcp hostname DESKTOP-1A2B3C4
		http user-agent Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36
		smb2 os-version 10.0.22631
		role uses smb2`, cordon.Workstation, "HP", "", "", 0.8},
}

func TestClinic(t *testing.T) {
	r, err := identify.Load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clinic {
		t.Run(c.name, func(t *testing.T) {
			mac, err := netid.ParseMAC(c.mac + ":00:00:01")
			if err != nil {
				t.Fatal(err)
			}
			facts := r.Maker(mac, 1)
			for line := range strings.Lines(strings.TrimSpace(c.shows)) {
				part := strings.SplitN(strings.TrimSpace(line), " ", 3)
				facts = append(facts, f(part[0], part[1], part[2]))
				if part[0] != "role" && !r.Speaks(part[0], part[1], part[2]) {
					t.Errorf("no rule speaks of %q", line)
				}
			}
			id := r.Identify(facts)
			if id.Kind != c.kind || id.Confidence < c.atLeast {
				t.Errorf("kind %s with %v, want %s with at least %v", id.Kind, id.Confidence, c.kind, c.atLeast)
			}
			if id.Vendor != c.vendor || c.model != "" && id.Model != c.model || c.soft != "" && id.Software != c.soft {
				t.Errorf("%q %q %q, want %q %q %q", id.Vendor, id.Model, id.Software, c.vendor, c.model, c.soft)
			}
			if t.Failed() {
				for _, e := range id.Evidence {
					t.Logf("%.2f %s %s %q says %s %q", e.Weight, e.Source, e.Field, e.Value, e.Says, e.Claim)
				}
			}
		})
	}
}
