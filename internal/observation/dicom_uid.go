package observation

import "strings"

// UIDs that decide something (PS3.6 table A-1).
const (
	dicomVerification = "1.2.840.10008.1.1"
	dicomStorageRoot  = "1.2.840.10008.5.1.4.1.1."
	// DICOMWorklist is the Modality Worklist Information Model - FIND.
	DICOMWorklist = "1.2.840.10008.5.1.4.31"
)

// DICOMClassName returns the name that PS3.6 gives to a SOP class, without
// "SOP Class" and "Information Model"; a class not listed here keeps its UID.
func DICOMClassName(uid string) string {
	if rest, ok := strings.CutPrefix(uid, dicomStorageRoot); ok {
		if name, ok := dicomStorageClasses[rest]; ok {
			return name
		}
	}
	if name, ok := dicomClasses[uid]; ok {
		return name
	}
	return uid
}

// dicomStorageClasses are keyed by what follows dicomStorageRoot.
var dicomStorageClasses = map[string]string{
	"1":        "Computed Radiography Image Storage",
	"1.1":      "Digital X-Ray Image Storage - For Presentation",
	"1.1.1":    "Digital X-Ray Image Storage - For Processing",
	"1.2":      "Digital Mammography X-Ray Image Storage - For Presentation",
	"1.2.1":    "Digital Mammography X-Ray Image Storage - For Processing",
	"1.3":      "Digital Intra-Oral X-Ray Image Storage - For Presentation",
	"2":        "CT Image Storage",
	"2.1":      "Enhanced CT Image Storage",
	"3":        "Ultrasound Multi-frame Image Storage (Retired)",
	"3.1":      "Ultrasound Multi-frame Image Storage",
	"4":        "MR Image Storage",
	"4.1":      "Enhanced MR Image Storage",
	"4.2":      "MR Spectroscopy Storage",
	"6":        "Ultrasound Image Storage (Retired)",
	"6.1":      "Ultrasound Image Storage",
	"6.2":      "Enhanced US Volume Storage",
	"7":        "Secondary Capture Image Storage",
	"7.1":      "Multi-frame Single Bit Secondary Capture Image Storage",
	"7.2":      "Multi-frame Grayscale Byte Secondary Capture Image Storage",
	"7.3":      "Multi-frame Grayscale Word Secondary Capture Image Storage",
	"7.4":      "Multi-frame True Color Secondary Capture Image Storage",
	"9.1.1":    "12-lead ECG Waveform Storage",
	"9.1.2":    "General ECG Waveform Storage",
	"9.1.3":    "Ambulatory ECG Waveform Storage",
	"9.2.1":    "Hemodynamic Waveform Storage",
	"9.3.1":    "Cardiac Electrophysiology Waveform Storage",
	"11.1":     "Grayscale Softcopy Presentation State Storage",
	"12.1":     "X-Ray Angiographic Image Storage",
	"12.1.1":   "Enhanced XA Image Storage",
	"12.2":     "X-Ray Radiofluoroscopic Image Storage",
	"12.2.1":   "Enhanced XRF Image Storage",
	"13.1.3":   "Breast Tomosynthesis Image Storage",
	"20":       "Nuclear Medicine Image Storage",
	"66":       "Raw Data Storage",
	"77.1.1":   "VL Endoscopic Image Storage",
	"77.1.2":   "VL Microscopic Image Storage",
	"77.1.4":   "VL Photographic Image Storage",
	"77.1.6":   "VL Whole Slide Microscopy Image Storage",
	"77.1.5.1": "Ophthalmic Photography 8 Bit Image Storage",
	"77.1.5.4": "Ophthalmic Tomography Image Storage",
	"88.11":    "Basic Text SR Storage",
	"88.22":    "Enhanced SR Storage",
	"88.33":    "Comprehensive SR Storage",
	"88.59":    "Key Object Selection Document Storage",
	"88.67":    "X-Ray Radiation Dose SR Storage",
	"104.1":    "Encapsulated PDF Storage",
	"128":      "Positron Emission Tomography Image Storage",
	"481.1":    "RT Image Storage",
	"481.2":    "RT Dose Storage",
	"481.3":    "RT Structure Set Storage",
	"481.4":    "RT Beams Treatment Record Storage",
	"481.5":    "RT Plan Storage",
	"481.8":    "RT Ion Plan Storage",
}

var dicomClasses = map[string]string{
	dicomVerification:             "Verification",
	"1.2.840.10008.1.3.10":        "Media Storage Directory Storage",
	"1.2.840.10008.1.20.1":        "Storage Commitment Push Model",
	"1.2.840.10008.1.42":          "Substance Administration Logging",
	"1.2.840.10008.3.1.2.3.3":     "Modality Performed Procedure Step",
	"1.2.840.10008.3.1.2.3.4":     "Modality Performed Procedure Step Retrieve",
	"1.2.840.10008.3.1.2.3.5":     "Modality Performed Procedure Step Notification",
	"1.2.840.10008.5.1.1.9":       "Basic Grayscale Print Management Meta",
	"1.2.840.10008.5.1.1.18":      "Basic Color Print Management Meta",
	"1.2.840.10008.5.1.4.1.2.1.1": "Patient Root Query/Retrieve - FIND",
	"1.2.840.10008.5.1.4.1.2.1.2": "Patient Root Query/Retrieve - MOVE",
	"1.2.840.10008.5.1.4.1.2.1.3": "Patient Root Query/Retrieve - GET",
	"1.2.840.10008.5.1.4.1.2.2.1": "Study Root Query/Retrieve - FIND",
	"1.2.840.10008.5.1.4.1.2.2.2": "Study Root Query/Retrieve - MOVE",
	"1.2.840.10008.5.1.4.1.2.2.3": "Study Root Query/Retrieve - GET",
	"1.2.840.10008.5.1.4.1.2.3.1": "Patient/Study Only Query/Retrieve - FIND",
	"1.2.840.10008.5.1.4.1.2.3.2": "Patient/Study Only Query/Retrieve - MOVE",
	DICOMWorklist:                 "Modality Worklist - FIND",
	"1.2.840.10008.5.1.4.32":      "General Purpose Worklist Management Meta",
	"1.2.840.10008.5.1.4.33":      "Instance Availability Notification",
	"1.2.840.10008.5.1.4.34.6.1":  "Unified Procedure Step - Push",
	"1.2.840.10008.5.1.4.34.6.3":  "Unified Procedure Step - Pull",
	"1.2.840.10008.5.1.4.37.1":    "General Relevant Patient Information Query",
}
