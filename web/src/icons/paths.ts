// The icon set: drawn by hand on a 20 × 20 grid with a 1.5 stroke, round caps
// and joins, no fills. Each is one path, so that the map can draw it too.
export const paths = {
  // Shell
  overview: 'M3.5 9.2 10 3.8l6.5 5.4v6.3a1 1 0 0 1-1 1h-3.6v-4.6H8.1v4.6H4.5a1 1 0 0 1-1-1z',
  map: 'M5.6 7.4a2.1 2.1 0 1 0 0-4.2 2.1 2.1 0 0 0 0 4.2zM14.6 9.6a2.1 2.1 0 1 0 0-4.2 2.1 2.1 0 0 0 0 4.2zM8 16.8a2.1 2.1 0 1 0 0-4.2 2.1 2.1 0 0 0 0 4.2zM7.7 5.8l4.8 1.2M6.1 7.4l1.4 5.2M13.3 9.2l-3.9 4',
  devices: 'M3.5 4.5h13v8h-13zM7 16.5h6M10 12.5v4M6.5 8.5h1.8l1.2-1.8 1.5 3.4 1-1.6h1.5',
  findings: 'M10 2.8 16.2 5v5c0 3.6-2.5 6.1-6.2 7.4C6.3 16.1 3.8 13.6 3.8 10V5zM10 6.8v3.6M10 13v.1',
  settings: 'M3.5 6h7M14.5 6h2M3.5 14h2M9.5 14h7M12.5 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.5 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l3.7 3.7',
  close: 'M5 5l10 10M15 5 5 15',
  back: 'M11.5 4.5 6 10l5.5 5.5',
  forward: 'M8 4.5 13.5 10 8 15.5',
  down: 'M5 7.5l5 5 5-5',
  up: 'M5 12.5l5-5 5 5',
  check: 'M4 10.6l4 4 8-9',
  pencil: 'M4 16l.7-3.3L13 4.4a1.5 1.5 0 0 1 2.1 0l.5.5a1.5 1.5 0 0 1 0 2.1l-8.3 8.3zM11.5 6l2.5 2.5',
  undo: 'M7.5 4 4 7.5 7.5 11M4.2 7.5h7.3a4.2 4.2 0 1 1 0 8.4H8',
  arrow: 'M4 10h12M11.5 5.5 16 10l-4.5 4.5',
  sun: 'M10 13.4a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8zM10 2.3v1.5M10 16.2v1.5M2.3 10h1.5M16.2 10h1.5M4.6 4.6l1 1M14.4 14.4l1 1M15.4 4.6l-1 1M5.6 14.4l-1 1',
  moon: 'M16.2 11.8A6.7 6.7 0 0 1 8.2 3.8a6.7 6.7 0 1 0 8 8z',
  screen: 'M3 4h14v9.5H3zM7 16.8h6M10 13.5v3.3',
  ear: 'M6.2 8.2a3.9 3.9 0 1 1 7.7.8c-.4 2-2.4 2.5-2.7 4.5-.2 1.8-1.1 3.3-2.8 3.3-1.3 0-2.2-.9-2.2-2.2M8.5 8.2a1.6 1.6 0 0 1 3.2.2c0 1.4-1.8 1.5-1.8 3',
  expand: 'M11.5 3.5h5v5M8.5 16.5h-5v-5M16.3 3.7l-5 5M3.7 16.3l5-5',
  fit: 'M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  table: 'M3.5 4.5h13v11h-13zM3.5 8.2h13M3.5 11.9h13M8 8.2v7.3',
  key: 'M7 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10 10h6.5v2.5M13.5 10v2',
  clock: 'M10 16.8a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6zM10 6v4.2l2.6 1.7',
  globe: 'M10 16.8a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6zM3.4 10h13.2M10 3.2c-2.2 1.9-3 4.2-3 6.8s.8 4.9 3 6.8c2.2-1.9 3-4.2 3-6.8s-.8-4.9-3-6.8z',
  link: 'M8.5 11.5l3-3M7.2 9.2 5 11.4a2.6 2.6 0 0 0 3.6 3.6l2.2-2.2M12.8 10.8 15 8.6A2.6 2.6 0 0 0 11.4 5L9.2 7.2',
  person: 'M10 9.3a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4.2 16.7c.3-3 2.6-4.9 5.8-4.9s5.5 1.9 5.8 4.9',
  lost: 'M3 3l14 14M4 8.3a9 9 0 0 1 3.5-2M11.7 5.7A9 9 0 0 1 16 8.3M6.4 11a5.5 5.5 0 0 1 3-1.5M10 15.6v.1',
  sparkle: 'M10 3.5l1.6 4.9 4.9 1.6-4.9 1.6L10 16.5l-1.6-4.9L3.5 10l4.9-1.6z',
  dots: 'M5 10h.01M10 10h.01M15 10h.01',
  heart: 'M10 16.3S3.3 12.6 3.3 7.9A3.6 3.6 0 0 1 10 6.1a3.6 3.6 0 0 1 6.7 1.8c0 4.7-6.7 8.4-6.7 8.4z',

  // Kinds of device
  pump: 'M6.2 3.5h7.6v13H6.2zM8.4 6h3.2v3H8.4zM8.6 12h.01M11.4 12h.01M8.6 14.2h.01M11.4 14.2h.01M10 1.6v1.9',
  monitor: 'M2.8 4h14.4v9.8H2.8zM7.2 16.7h5.6M5.2 9.3h2.3l1.3-2.8 2 5 1.4-2.2h2.6',
  central: 'M2.8 3.5h6.7v5H2.8zM10.5 3.5h6.7v5h-6.7zM2.8 10h6.7v5H2.8zM10.5 10h6.7v5h-6.7zM7 17.2h6',
  ventilator: 'M10 3v5.5M8.5 8.5c0-1.7-1-2.6-2.2-2C4.2 7.6 3 10.8 3 13.6c0 2 .8 2.7 2.3 2.5 2-.3 3.2-1 3.2-3zM11.5 8.5c0-1.7 1-2.6 2.2-2 2.1 1.1 3.3 4.3 3.3 7.1 0 2-.8 2.7-2.3 2.5-2-.3-3.2-1-3.2-3z',
  drop: 'M10 3.2c2.7 3.1 4.4 5.5 4.4 8.1a4.4 4.4 0 0 1-8.8 0c0-2.6 1.7-5 4.4-8.1zM8 11.7a2 2 0 0 0 1.6 1.9',
  bolt: 'M11 2.8 4.8 11.3h4.6L8.6 17.2l6.6-8.7h-4.7z',
  imaging: 'M10 16.8a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6zM10 12.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM12.2 11.5l5 2.3M12.2 8.5l4-1.7',
  archive: 'M3 3.8h14v3.7H3zM4 7.5h12v8.7H4zM8 10.5h4',
  flask: 'M8 3.2h4M8.6 3.2v4.6l-4.3 7.1a1.2 1.2 0 0 0 1 1.9h9.4a1.2 1.2 0 0 0 1-1.9l-4.3-7.1V3.2M6.4 12.4h7.2',
  pill: 'M4.7 10.3l5.6-5.6a3.5 3.5 0 0 1 5 5l-5.6 5.6a3.5 3.5 0 0 1-5-5zM7.5 7.5l5 5',
  record: 'M5 3h7l3 3v11H5zM8 9.5h4M10 7.5v4M8 14h4',
  exchange: 'M3.5 7h12M12.5 4l3 3-3 3M16.5 13h-12M7.5 10l-3 3 3 3',
  wearable: 'M6.5 6.5h7v7h-7zM7.5 6.5 8 3h4l.5 3.5M7.5 13.5 8 17h4l.5-3.5M10 8.8V10l1 .8',
  bell: 'M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.3 1.2H4.2zM8.5 16.8h3M10 3v1.5',
  gas: 'M8 7h4v9.8H8zM8 7c0-1.5.8-2.2 2-2.2s2 .7 2 2.2M10 4.8V3M7.5 3h5M8 10.5h4',
  building: 'M4.5 16.8V4.2h7.3v12.6M11.8 8h3.7v8.8M3 16.8h14M7 7.2h2.3M7 10h2.3M7 12.8h2.3',
  camera: 'M3 6.5h10.5v7H3zM13.5 9l3.5-2v6l-3.5-2M6 9.8h.01',
  battery: 'M3 6.5h12v7H3zM17 9v2M9.5 7.8 7.5 10.2h3L8.8 12.4',
  workstation: 'M2.8 4h14.4v9H2.8zM10 13v3.5M6.5 16.7h7',
  tablet: 'M5 3h10v14H5zM9 14.8h2',
  phone: 'M6.5 2.8h7v14.4h-7zM9.3 14.8h1.4',
  deskphone: 'M4 3.5h12v13H4zM6.2 5.7h2.3v8.6H6.2zM11 6h2.8v2.2H11zM11 11h.01M13.7 11h.01M11 13.7h.01M13.7 13.7h.01',
  printer: 'M6 7.5V3.2h8v4.3M3.2 7.5h13.6v6.3H14M6 13.8H3.2V7.5M6 11.8h8v5H6z',
  media: 'M3 4.5h14v9.5H3zM8.5 7.2v4l3.5-2zM7 16.8h6',
  server: 'M3.5 3.5h13v5.3h-13zM3.5 11.2h13v5.3h-13zM6.3 6.1h.01M6.3 13.9h.01M9 6.1h4.5M9 13.9h4.5',
  database: 'M10 7.3c3.3 0 5.8-1 5.8-2.2S13.3 2.9 10 2.9s-5.8 1-5.8 2.2S6.7 7.3 10 7.3zM4.2 5.1v9.8c0 1.2 2.5 2.2 5.8 2.2s5.8-1 5.8-2.2V5.1M4.2 10c0 1.2 2.5 2.2 5.8 2.2s5.8-1 5.8-2.2',
  folder: 'M3 5h5l1.5 2H17v9H3z',
  directory: 'M4.5 3h11v14h-11zM10 9.7a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM7.3 13.5c.2-1.4 1.3-2.2 2.7-2.2s2.5.8 2.7 2.2',
  broker: 'M10 11.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM6.4 6.4a5 5 0 0 0 0 7.2M13.6 6.4a5 5 0 0 1 0 7.2M4 4a8.5 8.5 0 0 0 0 12M16 4a8.5 8.5 0 0 1 0 12',
  stack: 'M10 3 17 6.5 10 10 3 6.5zM3 10l7 3.5 7-3.5M3 13.5 10 17l7-3.5',
  router: 'M3 10.5h14v5.5H3zM6 13.3h.01M9 13.3h.01M10 10.5V7.5M7.2 6.6a4 4 0 0 1 5.6 0M5.3 4.6a6.7 6.7 0 0 1 9.4 0',
  access: 'M10 16.5v-5M10 11.5a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6zM6.8 13.3a4.6 4.6 0 0 1 0-6.3M13.2 13.3a4.6 4.6 0 0 0 0-6.3M4.7 15.3a7.6 7.6 0 0 1 0-10.3M15.3 15.3a7.6 7.6 0 0 0 0-10.3',
  switch: 'M2.8 7h14.4v6H2.8zM5.5 10h1.2M8.5 10h1.2M11.5 10h1.2M14.5 10h.01',
  thing: 'M6.5 6.5h7v7h-7zM8.5 3v3.5M11.5 3v3.5M8.5 13.5V17M11.5 13.5V17M3 8.5h3.5M3 11.5h3.5M13.5 8.5H17M13.5 11.5H17',
  cross: 'M7.7 3.5h4.6v4.2h4.2v4.6h-4.2v4.2H7.7v-4.2H3.5V7.7h4.2z',
  unknown: 'M10 16.8a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6zM8 8.2a2 2 0 1 1 3 1.7c-.7.4-1 .8-1 1.5M10 13.6v.01',
} as const;

export type IconName = keyof typeof paths;

const kindIcons: Record<string, IconName> = {
  'infusion-pump': 'pump', 'pump-gateway': 'exchange', 'patient-monitor': 'monitor', 'central-station': 'central', ventilator: 'ventilator',
  'anesthesia-machine': 'ventilator', 'dialysis-machine': 'drop', defibrillator: 'bolt', 'imaging-modality': 'imaging', pacs: 'archive',
  'imaging-workstation': 'workstation', 'lab-analyzer': 'flask', 'lab-system': 'flask', 'ehr-server': 'record', 'interface-engine': 'exchange',
  'medical-gateway': 'exchange', 'medical-device': 'cross', 'medication-cabinet': 'pill', wearable: 'wearable', 'nurse-call': 'bell',
  'medical-gas-panel': 'gas', 'building-controller': 'building', 'industrial-controller': 'building', workstation: 'workstation', server: 'server',
  'database-server': 'database', 'file-server': 'folder', 'directory-server': 'directory', 'message-broker': 'broker', phone: 'phone',
  'voip-phone': 'deskphone', tablet: 'tablet', camera: 'camera', printer: 'printer', ups: 'battery', 'media-device': 'media', iot: 'thing',
  'network-gear': 'switch', router: 'router', 'access-point': 'access', 'vm-host': 'stack', unknown: 'unknown',
};

export function kindIcon(kind: string): IconName {
  return kindIcons[kind] ?? 'unknown';
}

const groupIcons: Record<string, IconName> = {
  'Life support and monitoring': 'monitor', Imaging: 'imaging', 'Laboratory and medication': 'flask', 'Clinical systems': 'record',
  'Wearables and calls': 'wearable', Building: 'building', Office: 'workstation', Infrastructure: 'server', 'Not identified yet': 'unknown',
};

export function groupIcon(group: string): IconName {
  return groupIcons[group] ?? 'folder';
}
