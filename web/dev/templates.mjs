// What a clinic is made of: one entry per make of device, with how often it
// stands in a clinic of a hundred, and what gives it away.
const oui = (_, vendor) => ({ source: 'oui', field: 'vendor', value: vendor, says: 'vendor', claim: vendor, weight: 0.45 });
const role = (value, kind, weight = 0.55) => ({ source: 'role', field: 'does', value, says: 'kind', claim: kind, weight });
const said = (source, field, value, says, claim, weight) => ({ source, field, value, says, claim, weight });

export const templates = [
  {
    kind: 'infusion-pump', share: 14, name: 'pump', vendor: 'B. Braun', model: 'Space plus Infusomat', os: 'VxWorks', software: '688U030004', mac: '00:0c:c6', places: 'wards',
    evidence: [oui('00:0c:c6', 'B. Braun'), said('http', 'server', 'SpaceCom/U012', 'model', 'Space plus Infusomat', 0.8), said('dhcp', 'vendor-class', 'BBraun-SpaceStation', 'kind', 'infusion-pump', 0.85), role('Talks only to the pump gateway, every 10 seconds', 'infusion-pump', 0.5)],
    services: [['server', 'tcp', 80, 'http'], ['client', 'tcp', 4432, 'tls']],
  },
  {
    kind: 'patient-monitor', share: 12, name: 'monitor', vendor: 'Philips', model: 'IntelliVue MX450', os: 'Linux', software: 'P.01.35', mac: '00:09:fb', places: 'wards',
    evidence: [oui('00:09:fb', 'Philips'), said('ieee11073', 'system-model', 'IntelliVue MX450', 'model', 'IntelliVue MX450', 0.92), said('ieee11073', 'system-type', 'patient monitor', 'kind', 'patient-monitor', 0.95), role('Sends waveforms to a central station', 'patient-monitor', 0.6)],
    services: [['client', 'udp', 24105, 'ieee11073'], ['client', 'udp', 67, 'dhcp']],
  },
  {
    kind: 'ventilator', share: 4, name: 'vent', vendor: 'Dräger', model: 'Evita V600', os: 'Windows Embedded', software: '2.51', mac: '00:30:e6', places: 'icu',
    evidence: [oui('00:30:e6', 'Dräger'), said('hl7', 'sending-application', 'DRAEGER_EVITA', 'vendor', 'Dräger', 0.8), said('hl7', 'udi', '(01)04049098000000', 'model', 'Evita V600', 0.9), said('hl7', 'observation', 'MDC_DEV_SYS_VENT_VMD', 'kind', 'ventilator', 0.9)],
    services: [['client', 'tcp', 6661, 'hl7']],
  },
  {
    kind: 'central-station', share: 2, name: 'central', vendor: 'Philips', model: 'Patient Information Center iX', os: 'Windows Server 2019', software: 'C.03.12', mac: '00:09:fb', places: 'wards',
    evidence: [oui('00:09:fb', 'Philips'), role('Receives waveforms from patient monitors', 'central-station', 0.75), said('smb2', 'computer-name', 'PIC-IX-01', 'kind', 'central-station', 0.4), said('smb2', 'os-version', '10.0.17763', 'os', 'Windows Server 2019', 0.9)],
    services: [['server', 'udp', 24105, 'ieee11073'], ['client', 'tcp', 6661, 'hl7'], ['server', 'tcp', 3389, 'rdp']],
  },
  {
    kind: 'pump-gateway', share: 1, name: 'pumpgw', vendor: 'B. Braun', model: 'OnlineSuite', os: 'Windows Server 2019', software: 'AP 3.4', mac: '00:0c:29', places: 'rack',
    evidence: [said('tls', 'certificate-subject', 'CN=onlinesuite.clinic.example,O=B. Braun', 'vendor', 'B. Braun', 0.7), role('Is asked by infusion pumps', 'pump-gateway', 0.8)],
    services: [['server', 'tcp', 4432, 'tls'], ['client', 'tcp', 6661, 'hl7']],
  },
  {
    kind: 'imaging-modality', share: 4, name: 'ct', vendor: 'Siemens Healthineers', model: 'SOMATOM go.Top', os: 'Windows 10', software: 'VA48A', mac: '00:1c:06', places: 'radiology',
    evidence: [oui('00:1c:06', 'Siemens'), said('dicom', 'implementation-version', 'SIEMENS_SWFVA48A', 'vendor', 'Siemens Healthineers', 0.9), said('dicom', 'calling-ae-title', 'CT_ROOM_2', 'name', 'CT room 2', 0.6), said('dicom', 'sop-class', 'CT Image Storage', 'kind', 'imaging-modality', 0.92)],
    services: [['client', 'tcp', 104, 'dicom'], ['server', 'tcp', 3389, 'rdp'], ['client', 'tcp', 443, 'tls']],
  },
  {
    kind: 'pacs', share: 1, name: 'pacs', vendor: 'Orthanc', model: 'Orthanc', os: 'Debian', software: '1.10.1', mac: '00:50:56', places: 'rack',
    evidence: [said('dicom', 'implementation-version', 'OFFIS_DCMTK_367', 'software', 'DCMTK 3.6.7', 0.8), said('dicom', 'called-ae-title', 'ORTHANC', 'vendor', 'Orthanc', 0.7), role('Stores images from 4 modalities', 'pacs', 0.85)],
    services: [['server', 'tcp', 104, 'dicom'], ['server', 'tcp', 8042, 'http'], ['client', 'tcp', 5432, 'postgresql']],
  },
  {
    kind: 'imaging-workstation', share: 3, name: 'reading', vendor: 'Dell', model: 'Precision 5820', os: 'Windows 11', software: '', mac: '18:66:da', places: 'radiology',
    evidence: [oui('18:66:da', 'Dell'), role('Fetches images from the picture archive', 'imaging-workstation', 0.7)],
    services: [['client', 'tcp', 104, 'dicom'], ['client', 'tcp', 445, 'smb2']],
  },
  {
    kind: 'lab-analyzer', share: 4, name: 'analyser', vendor: 'Sysmex', model: 'XN-1000', os: 'Windows 7', software: '22.15', mac: '00:0b:ab', places: 'lab',
    evidence: [oui('00:0b:ab', 'Advantech'), said('hl7', 'sending-application', 'XN-1000^A', 'model', 'XN-1000', 0.9), said('hl7', 'sending-application', 'XN-1000^A', 'vendor', 'Sysmex', 0.85), said('hl7', 'message-type', 'ORU^R01', 'kind', 'lab-analyzer', 0.7), said('smb2', 'dialect', '2.1', 'os', 'Windows 7', 0.6)],
    services: [['client', 'tcp', 6661, 'hl7'], ['server', 'tcp', 23, 'telnet'], ['server', 'tcp', 445, 'smb1']],
  },
  {
    kind: 'lab-system', share: 1, name: 'lis', vendor: 'Dedalus', model: 'Lab system', os: 'Windows Server 2016', software: '9.2', mac: '00:50:56', places: 'rack',
    evidence: [said('hl7', 'receiving-application', 'LIS', 'kind', 'lab-system', 0.8), role('Receives results from analysers', 'lab-system', 0.7)],
    services: [['server', 'tcp', 6661, 'hl7'], ['client', 'tcp', 1433, 'mssql']],
  },
  {
    kind: 'medication-cabinet', share: 2, name: 'cabinet', vendor: 'Omnicell', model: 'XT', os: 'Windows 10', software: '', mac: '00:40:9d', places: 'wards',
    evidence: [said('http', 'user-agent', 'OmnicellXT/24.1', 'vendor', 'Omnicell', 0.85), said('http', 'user-agent', 'OmnicellXT/24.1', 'kind', 'medication-cabinet', 0.8)],
    services: [['client', 'tcp', 6661, 'hl7'], ['client', 'tcp', 443, 'tls']],
  },
  {
    kind: 'ehr-server', share: 1, name: 'ehr', vendor: 'OpenMRS', model: '', os: 'Debian', software: '2.6', mac: '00:50:56', places: 'rack',
    evidence: [said('fhir', 'software', 'OpenMRS 2.6', 'vendor', 'OpenMRS', 0.9), said('fhir', 'capability', 'Patient, Encounter, Observation', 'kind', 'ehr-server', 0.9)],
    services: [['server', 'tcp', 443, 'tls'], ['server', 'tcp', 8080, 'fhir'], ['server', 'tcp', 6661, 'hl7'], ['client', 'tcp', 5432, 'postgresql']],
  },
  {
    kind: 'interface-engine', share: 1, name: 'engine', vendor: 'NextGen', model: 'Connect', os: 'Debian', software: '4.4.1', mac: '00:50:56', places: 'rack',
    evidence: [said('http', 'title', 'Connect Administrator', 'vendor', 'NextGen', 0.8), role('Receives HL7 from many and sends it on', 'interface-engine', 0.85)],
    services: [['server', 'tcp', 6661, 'hl7'], ['client', 'tcp', 6662, 'hl7']],
  },
  {
    kind: 'wearable', share: 5, name: 'band', vendor: 'Withings', model: 'Pulse HR', os: '', software: '', mac: '', places: 'wards',
    evidence: [said('mqtt', 'client-id', 'pulse-hr-5210', 'model', 'Pulse HR', 0.7), said('mqtt', 'topic', 'ward/3/vitals/hr', 'kind', 'wearable', 0.75)],
    services: [['client', 'tcp', 1883, 'mqtt']],
  },
  {
    kind: 'nurse-call', share: 2, name: 'call', vendor: 'Ascom', model: 'teleCARE IP', os: '', software: '', mac: '00:01:3e', places: 'wards',
    evidence: [oui('00:01:3e', 'Ascom'), said('sip', 'user-agent', 'Ascom teleCARE', 'kind', 'nurse-call', 0.85)],
    services: [['client', 'udp', 5060, 'sip'], ['client', 'udp', 123, 'ntp']],
  },
  {
    kind: 'message-broker', share: 1, name: 'broker', vendor: 'Eclipse', model: 'Mosquitto', os: 'Debian', software: '2.0.11', mac: '00:50:56', places: 'rack',
    evidence: [said('mqtt', 'sys-version', 'mosquitto version 2.0.11', 'software', '2.0.11', 0.95), role('Accepts MQTT from wearables', 'message-broker', 0.9)],
    services: [['server', 'tcp', 1883, 'mqtt']],
  },
  {
    kind: 'building-controller', share: 3, name: 'hvac', vendor: 'Siemens', model: 'Desigo PXC', os: '', software: '6.0', mac: '00:a0:03', places: 'plant',
    evidence: [oui('00:a0:03', 'Siemens'), said('bacnet', 'model-name', 'PXC4.E16', 'model', 'Desigo PXC', 0.9), said('bacnet', 'vendor-id', '7', 'vendor', 'Siemens', 0.95), said('bacnet', 'object', 'Supply air temperature', 'kind', 'building-controller', 0.8)],
    services: [['server', 'udp', 47808, 'bacnet']],
  },
  {
    kind: 'camera', share: 3, name: 'cam', vendor: 'Axis', model: 'P3245', os: 'Linux', software: '', mac: 'ac:cc:8e', places: 'plant',
    evidence: [oui('ac:cc:8e', 'Axis'), said('mdns', 'service', '_axis-video._tcp', 'kind', 'camera', 0.9), said('mdns', 'instance', 'AXIS P3245-V', 'model', 'P3245', 0.9)],
    services: [['server', 'tcp', 554, 'rtsp'], ['server', 'udp', 5353, 'mdns']],
  },
  {
    kind: 'ups', share: 1, name: 'ups', vendor: 'APC', model: 'Smart-UPS 3000', os: '', software: 'AOS 7.0.4', mac: '00:c0:b7', places: 'rack',
    evidence: [oui('00:c0:b7', 'APC'), said('snmp', 'sysdescr', 'APC Web/SNMP Management Card', 'kind', 'ups', 0.95)],
    services: [['server', 'udp', 161, 'snmp'], ['server', 'tcp', 23, 'telnet']],
  },
  {
    kind: 'workstation', share: 14, name: 'pc', vendor: 'HP', model: 'EliteDesk 800', os: 'Windows 11', software: '', mac: '3c:52:82', places: 'offices',
    evidence: [oui('3c:52:82', 'HP'), said('dhcp', 'vendor-class', 'MSFT 5.0', 'os', 'Windows 11', 0.6), said('kerberos', 'client-principal', 'PC$', 'kind', 'workstation', 0.6), said('smb2', 'os-version', '10.0.22631', 'os', 'Windows 11', 0.92)],
    services: [['client', 'tcp', 443, 'tls'], ['client', 'tcp', 88, 'kerberos'], ['client', 'tcp', 445, 'smb2']],
  },
  {
    kind: 'tablet', share: 4, name: 'ipad', vendor: 'Apple', model: 'iPad', os: 'iPadOS', software: '', mac: '', places: 'wards', randomMac: true,
    evidence: [said('mdns', 'model', 'iPad13,18', 'model', 'iPad', 0.9), said('dhcp', 'option-55', '1,121,3,6,15,108,114,119,252', 'os', 'iPadOS', 0.6), said('mdns', 'model', 'iPad13,18', 'kind', 'tablet', 0.9)],
    services: [['client', 'tcp', 443, 'tls'], ['client', 'udp', 443, 'quic']],
  },
  {
    kind: 'voip-phone', share: 4, name: 'phone', vendor: 'Yealink', model: 'T54W', os: '', software: '96.86.0.100', mac: '80:5e:c0', places: 'offices',
    evidence: [oui('80:5e:c0', 'Yealink'), said('sip', 'user-agent', 'Yealink SIP-T54W 96.86.0.100', 'kind', 'voip-phone', 0.95)],
    services: [['client', 'udp', 5060, 'sip']],
  },
  {
    kind: 'printer', share: 3, name: 'printer', vendor: 'Brother', model: 'HL-L6400DW', os: '', software: '', mac: '30:05:5c', places: 'offices',
    evidence: [oui('30:05:5c', 'Brother'), said('mdns', 'service', '_ipp._tcp', 'kind', 'printer', 0.92), said('snmp', 'sysdescr', 'Brother NC-8900w', 'vendor', 'Brother', 0.9)],
    services: [['server', 'tcp', 631, 'http'], ['server', 'tcp', 9100, 'unknown'], ['server', 'udp', 161, 'snmp']],
  },
  {
    kind: 'directory-server', share: 1, name: 'dc', vendor: 'Microsoft', model: '', os: 'Windows Server 2022', software: '', mac: '00:50:56', places: 'rack',
    evidence: [role('Answers Kerberos and LDAP for most workstations', 'directory-server', 0.9), said('ldap', 'root-dse', 'DC=clinic,DC=example', 'vendor', 'Microsoft', 0.7)],
    services: [['server', 'tcp', 88, 'kerberos'], ['server', 'tcp', 389, 'ldap'], ['server', 'udp', 53, 'dns'], ['server', 'udp', 123, 'ntp']],
  },
  {
    kind: 'file-server', share: 1, name: 'files', vendor: 'Synology', model: 'RS1221+', os: 'DSM', software: '7.2', mac: '00:11:32', places: 'rack',
    evidence: [oui('00:11:32', 'Synology'), said('mdns', 'instance', 'files (Synology)', 'vendor', 'Synology', 0.9), role('Serves files to many workstations', 'file-server', 0.7)],
    services: [['server', 'tcp', 445, 'smb2']],
  },
  {
    kind: 'router', share: 1, name: 'gateway', vendor: 'MikroTik', model: 'CCR2004', os: 'RouterOS', software: '7.15', mac: '48:8f:5a', places: 'rack',
    evidence: [oui('48:8f:5a', 'MikroTik'), role('Forwards packets of every device to the outside', 'router', 0.9), said('lldp', 'system-description', 'MikroTik RouterOS 7.15 CCR2004', 'model', 'CCR2004', 0.95)],
    services: [['server', 'udp', 67, 'dhcp'], ['server', 'udp', 53, 'dns']],
  },
  {
    kind: 'access-point', share: 3, name: 'ap', vendor: 'Ubiquiti', model: 'U6 Pro', os: '', software: '6.6.77', mac: '78:45:58', places: 'wards',
    evidence: [oui('78:45:58', 'Ubiquiti'), said('lldp', 'system-description', 'U6-Pro, 6.6.77', 'model', 'U6 Pro', 0.9), role('Radios of many devices stand behind it', 'access-point', 0.7)],
    services: [['client', 'tcp', 8080, 'http']],
  },
  {
    kind: 'network-gear', share: 2, name: 'switch', vendor: 'Cisco', model: 'Catalyst 9200', os: 'IOS XE', software: '17.9', mac: '00:1b:54', places: 'rack',
    evidence: [oui('00:1b:54', 'Cisco'), said('cdp', 'platform', 'cisco C9200-48P', 'model', 'Catalyst 9200', 0.95)],
    services: [['server', 'udp', 161, 'snmp']],
  },
  {
    kind: 'unknown', share: 5, name: '', vendor: '', model: '', os: '', software: '', mac: '00:04:a3', places: 'none',
    evidence: [oui('00:04:a3', 'Microchip')],
    services: [['client', 'tcp', 443, 'tls'], ['client', 'udp', 67, 'dhcp']],
  },
];

export const places = {
  wards: ['Ward 1, bed 2', 'Ward 1, bed 4', 'Ward 2, bed 1', 'Ward 2, bed 3', 'Ward 3, bed 6', 'Emergency 2', ''],
  icu: ['Intensive care 1', 'Intensive care 2', 'Intensive care 3', 'Theatre 1'],
  radiology: ['CT room 2', 'MR room 1', 'Reading room', 'X-ray 3'],
  lab: ['Laboratory', 'Laboratory, blood bank'],
  rack: ['Server room', ''],
  plant: ['Plant room', 'Entrance', 'Car park'],
  offices: ['Reception', 'Office 12', 'Nurses station 2', ''],
  none: [''],
};
