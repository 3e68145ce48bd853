// Protocols in the words of people who run a clinic. Tokens without an entry
// are shown as they are.
interface ProtocolWords {
  title: string;
  /** What it is for, to follow the title after a dash. */
  purpose: string;
  /** Content or passwords cross the wire readable to anyone who listens. */
  clear?: 'passwords' | 'content';
}

export const protocols: Record<string, ProtocolWords> = {
  unknown: { title: 'Not recognised', purpose: 'a protocol that Cordon has no name for' },
  icmp: { title: 'ICMP', purpose: 'reachability tests and errors' },
  icmpv6: { title: 'ICMPv6', purpose: 'reachability and neighbours' },
  igmp: { title: 'IGMP', purpose: 'group membership' },
  dns: { title: 'DNS', purpose: 'names to addresses' },
  mdns: { title: 'mDNS', purpose: 'announces services nearby' },
  llmnr: { title: 'LLMNR', purpose: 'Windows names nearby' },
  nbns: { title: 'NetBIOS names', purpose: 'old Windows names' },
  nbdgm: { title: 'NetBIOS datagrams', purpose: 'old Windows announcements' },
  nbss: { title: 'NetBIOS sessions', purpose: 'old Windows sharing' },
  dhcp: { title: 'DHCP', purpose: 'gives out addresses' },
  dhcpv6: { title: 'DHCPv6', purpose: 'gives out addresses' },
  ntp: { title: 'NTP', purpose: 'sets clocks' },
  snmp: { title: 'SNMP', purpose: 'monitors equipment' },
  ssdp: { title: 'SSDP', purpose: 'finds devices nearby' },
  wsd: { title: 'WS-Discovery', purpose: 'finds devices nearby' },
  slp: { title: 'SLP', purpose: 'finds services' },
  syslog: { title: 'Syslog', purpose: 'sends log lines' },
  tls: { title: 'TLS', purpose: 'encrypted' },
  dtls: { title: 'DTLS', purpose: 'encrypted' },
  quic: { title: 'QUIC', purpose: 'encrypted web' },
  http: { title: 'HTTP', purpose: 'web pages and interfaces, not encrypted', clear: 'content' },
  http2: { title: 'HTTP/2', purpose: 'web pages and interfaces' },
  fhir: { title: 'FHIR', purpose: 'health records' },
  ssh: { title: 'SSH', purpose: 'encrypted remote command line' },
  telnet: { title: 'Telnet', purpose: 'remote command line, not encrypted', clear: 'passwords' },
  ftp: { title: 'FTP', purpose: 'file transfer, not encrypted', clear: 'passwords' },
  'ftp-data': { title: 'FTP data', purpose: 'file transfer, not encrypted', clear: 'content' },
  tftp: { title: 'TFTP', purpose: 'file transfer without sign-in', clear: 'content' },
  smb1: { title: 'SMB 1', purpose: 'Windows file sharing, outdated', clear: 'content' },
  smb2: { title: 'SMB', purpose: 'Windows file sharing' },
  dcerpc: { title: 'DCE/RPC', purpose: 'Windows management' },
  kerberos: { title: 'Kerberos', purpose: 'sign-in' },
  ldap: { title: 'LDAP', purpose: 'directory' },
  rdp: { title: 'RDP', purpose: 'remote desktop' },
  vnc: { title: 'VNC', purpose: 'remote desktop, weakly protected', clear: 'content' },
  radius: { title: 'RADIUS', purpose: 'network sign-in' },
  smtp: { title: 'SMTP', purpose: 'mail' },
  pop3: { title: 'POP3', purpose: 'mail', clear: 'passwords' },
  imap: { title: 'IMAP', purpose: 'mail', clear: 'passwords' },
  sip: { title: 'SIP', purpose: 'sets up calls' },
  rtp: { title: 'RTP', purpose: 'voice and video' },
  rtcp: { title: 'RTCP', purpose: 'quality of voice and video' },
  rtsp: { title: 'RTSP', purpose: 'camera control' },
  stun: { title: 'STUN', purpose: 'finds a way through routers' },
  mqtt: { title: 'MQTT', purpose: 'sensor messages' },
  coap: { title: 'CoAP', purpose: 'sensor messages' },
  amqp: { title: 'AMQP', purpose: 'message queue' },
  modbus: { title: 'Modbus', purpose: 'building and plant control, no sign-in' },
  bacnet: { title: 'BACnet', purpose: 'building control' },
  dnp3: { title: 'DNP3', purpose: 'plant control' },
  iec104: { title: 'IEC 104', purpose: 'power control' },
  s7comm: { title: 'S7', purpose: 'Siemens controllers' },
  enip: { title: 'EtherNet/IP', purpose: 'plant control' },
  opcua: { title: 'OPC UA', purpose: 'plant data' },
  hl7: { title: 'HL7', purpose: 'clinical messages' },
  dicom: { title: 'DICOM', purpose: 'medical images' },
  ieee11073: { title: 'IEEE 11073', purpose: 'medical device data' },
  postgresql: { title: 'PostgreSQL', purpose: 'database' },
  mysql: { title: 'MySQL', purpose: 'database' },
  mssql: { title: 'SQL Server', purpose: 'database' },
  mongodb: { title: 'MongoDB', purpose: 'database' },
  redis: { title: 'Redis', purpose: 'database' },
  memcached: { title: 'Memcached', purpose: 'cache' },
  nfs: { title: 'NFS', purpose: 'file sharing' },
  socks: { title: 'SOCKS', purpose: 'proxy' },
  bittorrent: { title: 'BitTorrent', purpose: 'file exchange' },
  openvpn: { title: 'OpenVPN', purpose: 'tunnel' },
  wireguard: { title: 'WireGuard', purpose: 'tunnel' },
  ipsec: { title: 'IPsec', purpose: 'tunnel' },
  lldp: { title: 'LLDP', purpose: 'neighbours on a cable' },
  cdp: { title: 'CDP', purpose: 'neighbours on a cable' },
  arp: { title: 'ARP', purpose: 'addresses on the local network' },
};

export function protocolTitle(token: string): string {
  return protocols[token]?.title ?? token;
}

/** The protocol, or the port where nothing better is known. */
export function serviceTitle(protocol: string, transport: string, port: number): string {
  if (protocol !== 'unknown' && protocol !== '') return protocolTitle(protocol);
  return port ? `${transport.toUpperCase()} ${port}` : transport.toUpperCase();
}
