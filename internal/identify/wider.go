package identify

import "github.com/cordonhq/cordon"

// wider lists, for a kind, the kinds that it is a case of.
var wider = map[cordon.Kind][]cordon.Kind{
	cordon.InfusionPump:      {cordon.MedicalDevice, cordon.IoT},
	cordon.PatientMonitor:    {cordon.MedicalDevice, cordon.IoT},
	cordon.Ventilator:        {cordon.MedicalDevice, cordon.IoT},
	cordon.Anesthesia:        {cordon.MedicalDevice, cordon.IoT},
	cordon.Dialysis:          {cordon.MedicalDevice, cordon.IoT},
	cordon.Defibrillator:     {cordon.MedicalDevice, cordon.IoT},
	cordon.ImagingModality:   {cordon.MedicalDevice, cordon.Workstation, cordon.Server},
	cordon.LabAnalyzer:       {cordon.MedicalDevice, cordon.Workstation},
	cordon.MedicationCabinet: {cordon.MedicalDevice, cordon.Workstation, cordon.IoT},
	cordon.MedicalGasPanel:   {cordon.MedicalDevice, cordon.IoT, cordon.BuildingController, cordon.IndustrialControl},
	cordon.Wearable:          {cordon.MedicalDevice, cordon.IoT},
	cordon.NurseCall:         {cordon.IoT, cordon.Workstation, cordon.VoIPPhone},
	cordon.MedicalDevice:     {cordon.IoT},

	cordon.ImagingWorkstation: {cordon.Workstation},
	cordon.CentralStation:     {cordon.Workstation, cordon.Server},

	cordon.PumpGateway:        {cordon.MedicalGateway, cordon.Server},
	cordon.MedicalGateway:     {cordon.Server},
	cordon.PACS:               {cordon.Server},
	cordon.LabSystem:          {cordon.Server},
	cordon.EHR:                {cordon.Server},
	cordon.InterfaceEngine:    {cordon.Server},
	cordon.DatabaseServer:     {cordon.Server},
	cordon.FileServer:         {cordon.Server},
	cordon.DirectoryServer:    {cordon.Server, cordon.FileServer},
	cordon.MessageBroker:      {cordon.Server},
	cordon.VirtualMachineHost: {cordon.Server},

	cordon.Router:      {cordon.NetworkGear},
	cordon.AccessPoint: {cordon.NetworkGear, cordon.Router},

	cordon.Camera:             {cordon.IoT, cordon.MediaDevice},
	cordon.MediaDevice:        {cordon.IoT},
	cordon.BuildingController: {cordon.IoT, cordon.IndustrialControl},
	cordon.IndustrialControl:  {cordon.IoT},
	cordon.UPS:                {cordon.IoT},
	cordon.Printer:            {cordon.IoT},
	cordon.VoIPPhone:          {cordon.IoT},
	cordon.Tablet:             {cordon.Phone},
}
