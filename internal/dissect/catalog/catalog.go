// Package catalog is the one list of the dissectors that Cordon has. Adding a
// protocol is its package and one line here. Whoever runs an Engine imports
// it; dissectors don't.
package catalog

import (
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/arp"
	"github.com/cordonhq/cordon/internal/dissect/bacnet"
	"github.com/cordonhq/cordon/internal/dissect/cdp"
	"github.com/cordonhq/cordon/internal/dissect/coap"
	"github.com/cordonhq/cordon/internal/dissect/dcerpc"
	"github.com/cordonhq/cordon/internal/dissect/dhcp"
	"github.com/cordonhq/cordon/internal/dissect/dhcpv6"
	"github.com/cordonhq/cordon/internal/dissect/dicom"
	"github.com/cordonhq/cordon/internal/dissect/dns"
	"github.com/cordonhq/cordon/internal/dissect/dtls"
	"github.com/cordonhq/cordon/internal/dissect/ftp"
	"github.com/cordonhq/cordon/internal/dissect/hl7"
	"github.com/cordonhq/cordon/internal/dissect/http"
	"github.com/cordonhq/cordon/internal/dissect/icmp"
	"github.com/cordonhq/cordon/internal/dissect/icmpv6"
	"github.com/cordonhq/cordon/internal/dissect/igmp"
	"github.com/cordonhq/cordon/internal/dissect/kerberos"
	"github.com/cordonhq/cordon/internal/dissect/ldap"
	"github.com/cordonhq/cordon/internal/dissect/lldp"
	"github.com/cordonhq/cordon/internal/dissect/mail"
	"github.com/cordonhq/cordon/internal/dissect/modbus"
	"github.com/cordonhq/cordon/internal/dissect/mongodb"
	"github.com/cordonhq/cordon/internal/dissect/mqtt"
	"github.com/cordonhq/cordon/internal/dissect/mssql"
	"github.com/cordonhq/cordon/internal/dissect/mysql"
	"github.com/cordonhq/cordon/internal/dissect/nbns"
	"github.com/cordonhq/cordon/internal/dissect/ntp"
	"github.com/cordonhq/cordon/internal/dissect/postgresql"
	"github.com/cordonhq/cordon/internal/dissect/quic"
	"github.com/cordonhq/cordon/internal/dissect/radius"
	"github.com/cordonhq/cordon/internal/dissect/rdp"
	"github.com/cordonhq/cordon/internal/dissect/redis"
	"github.com/cordonhq/cordon/internal/dissect/rtsp"
	"github.com/cordonhq/cordon/internal/dissect/sip"
	"github.com/cordonhq/cordon/internal/dissect/slp"
	"github.com/cordonhq/cordon/internal/dissect/smb"
	"github.com/cordonhq/cordon/internal/dissect/snmp"
	"github.com/cordonhq/cordon/internal/dissect/ssdp"
	"github.com/cordonhq/cordon/internal/dissect/ssh"
	"github.com/cordonhq/cordon/internal/dissect/stun"
	"github.com/cordonhq/cordon/internal/dissect/syslog"
	"github.com/cordonhq/cordon/internal/dissect/telnet"
	"github.com/cordonhq/cordon/internal/dissect/tftp"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/dissect/vnc"
	"github.com/cordonhq/cordon/internal/dissect/wsd"
)

// Table returns every dissector. Within a group the lines are alphabetical;
// between equal verdicts the earlier line wins.
func Table() dissect.Table {
	return dissect.Table{
		Flows: []dissect.Dissector{
			// Clinical.
			dicom.Dissector(),
			hl7.Dissector(),
			// Web, messaging, building.
			bacnet.Dissector(),
			coap.Dissector(),
			http.Dissector(),
			modbus.Dissector(),
			mqtt.Dissector(),
			// Discovery and management.
			dhcp.Dissector(),
			dhcpv6.Dissector(),
			dns.Dissector(),
			dns.LinkLocal(),
			dns.Multicast(),
			icmp.Dissector(),
			icmpv6.Dissector(),
			igmp.Dissector(),
			nbns.Datagram(),
			nbns.Dissector(),
			ntp.Dissector(),
			radius.Dissector(),
			sip.Dissector(),
			slp.Dissector(),
			snmp.Dissector(),
			ssdp.Dissector(),
			stun.Dissector(),
			syslog.Dissector(),
			tftp.Dissector(),
			wsd.Dissector(),
			// Office and security.
			dcerpc.Datagram(),
			dcerpc.Dissector(),
			dtls.Dissector(),
			ftp.Dissector(),
			kerberos.Dissector(),
			kerberos.Stream(),
			ldap.Datagram(),
			ldap.Dissector(),
			mail.IMAP(),
			mail.POP3(),
			mail.SMTP(),
			mongodb.Dissector(),
			mssql.Dissector(),
			mysql.Dissector(),
			postgresql.Dissector(),
			quic.Dissector(),
			rdp.Dissector(),
			redis.Dissector(),
			rtsp.Dissector(),
			smb.Session(),
			smb.Version1(),
			smb.Version2(),
			ssh.Dissector(),
			telnet.Dissector(),
			tls.Dissector(),
			vnc.Dissector(),
		},
		Links: []dissect.LinkDissector{
			arp.Dissector(),
			cdp.Dissector(),
			lldp.Dissector(),
		},
	}
}
