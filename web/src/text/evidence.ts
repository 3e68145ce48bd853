// Evidence as sentences: what a device showed, in words that need no knowledge
// of the protocol it showed it in.
import type { Evidence } from '$/api/types';
import { protocolTitle } from './protocols';

// Fields whose own words say little to people. The others are read as they
// are, hyphens as spaces.
const fields: Record<string, string> = {
  alpn: 'wanted protocol',
  app: 'application',
  'calling-ae-title': 'own DICOM name',
  'called-ae-title': 'DICOM name',
  'certificate-common-name': 'certificate name',
  'device-eui64': 'device id',
  dev: 'device',
  duid: 'client id',
  fqdn: 'full name',
  fv: 'firmware',
  fwver: 'firmware version',
  'hinfo-cpu': 'processor',
  'hinfo-os': 'operating system',
  'implementation-class-uid': 'implementation id',
  ja3: 'way of encrypting (JA3)',
  ja4: 'way of encrypting (JA4)',
  md: 'model',
  'mdc-device-type': 'IEEE 11073 device type',
  mfg: 'maker',
  'netbios-name': 'computer name',
  'os-version': 'operating system version',
  osxvers: 'macOS version',
  'parameter-list': 'list of wanted settings',
  'option-list': 'list of wanted settings',
  'scp-of': 'offered image service',
  'scu-of': 'used image service',
  sn: 'serial number',
  sni: 'wanted server',
  sw: 'software',
  sysdescr: 'description',
  udi: 'unique device identifier (UDI)',
  'vendor-class': 'vendor class',
  ve: 'version',
  ver: 'version',
};

const named: Record<string, (value: string) => string> = {
  'oui organization': (v) => `Its network card is registered to ${v}.`,
  'oui vendor': (v) => `Its network card is registered to ${v}.`,
  'oui block': (v) => `Its network card is from the address block ${v}.`,
  'role serves': (v) => `It offers ${protocolTitle(v)}.`,
  'role uses': (v) => `It uses ${protocolTitle(v)}.`,
  'role serves-port': (v) => `It answers on ${port(v)}.`,
  'role uses-port': (v) => `It connects to ${port(v)}.`,
  'role serves-many': (v) => `Many devices use the ${protocolTitle(v)} that it offers.`,
  'role forwards': (v) => `It forwards traffic for ${v} beyond it.`,
  'person kind': () => 'Somebody said what it is.',
  'person vendor': () => 'Somebody said who made it.',
  'person model': () => 'Somebody said which model it is.',
  'person name': () => 'Somebody gave it this name.',
  'dicom calling-ae-title': (v) => `It calls itself “${v}” in DICOM.`,
  'dicom called-ae-title': (v) => `Others call it “${v}” in DICOM.`,
  'dicom scp-of': (v) => `It accepts “${v}” over DICOM.`,
  'dicom scu-of': (v) => `It sends or asks for “${v}” over DICOM.`,
  'dicom modality': (v) => `It produces images of the modality ${v}.`,
  'hl7 sends-message': (v) => `It sends HL7 messages of the type ${v}.`,
  'hl7 receives-message': (v) => `It receives HL7 messages of the type ${v}.`,
  'mdns service': (v) => `It announces the service ${v}.`,
  'ssdp service': (v) => `It announces the service ${v}.`,
};

const longest = 90; // characters of a value in a sentence; the whole is on hover

/** What the device showed, as one sentence. */
export function evidenceSentence({ value, ...rest }: Evidence): string {
  const e = { ...rest, value: value.length > longest ? `${value.slice(0, longest).trimEnd()} …` : value };
  const own = named[`${e.source} ${e.field}`];
  if (own) return own(e.value);
  const field = fields[e.field] ?? e.field.replaceAll('-', ' ');
  switch (e.source) {
    case 'person':
      return 'Somebody said so.';
    case 'role':
      return `${e.value.replace(/\.$/, '')}.`;
    case 'stack':
      return `Its packets have the build (${field}) “${e.value}”.`;
    case 'oui':
      return `Its network card says “${e.value}”.`;
    default:
      return `Over ${protocolTitle(e.source)}, it gives “${e.value}” as its ${field}.`;
  }
}

/** Where the detail was seen, for a label. */
export function evidenceSource(source: string): string {
  const own: Record<string, string> = { oui: 'Network card', role: 'Behaviour', person: 'Person', stack: 'Packets' };
  return own[source] ?? protocolTitle(source);
}

function port(v: string): string {
  const [transport = '', number = ''] = v.split('/');
  return `${transport.toUpperCase()} port ${number}`;
}
