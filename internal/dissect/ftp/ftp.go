// Package ftp reads the control connection of FTP (RFC 959): what a server says
// of itself, who signs in and whether that succeeds, which commands are given,
// and where transfers go. After AUTH TLS it hands over to package tls. Names
// become pseudonyms; passwords and file names are not kept.
package ftp

import (
	"bytes"
	"net/netip"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/line"
	"github.com/cordonhq/cordon/internal/dissect/tls"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.FTP,
		Over:     dissect.OverTCP,
		Ports:    []uint16{21, 2121},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   32 << 10, // for what may follow AUTH TLS
	}
}

// commands are those of RFC 959, RFC 2228, RFC 2389, RFC 2428 and RFC 3659,
// with the names that observations have.
var commands = func() map[string]string {
	m := map[string]string{}
	for _, v := range []string{
		"USER", "PASS", "ACCT", "CWD", "XCWD", "CDUP", "XCUP", "SMNT", "REIN", "QUIT", "PORT", "PASV", "TYPE", "STRU", "MODE", "RETR", "STOR", "STOU",
		"APPE", "ALLO", "REST", "RNFR", "RNTO", "ABOR", "DELE", "RMD", "XRMD", "MKD", "XMKD", "PWD", "XPWD", "LIST", "NLST", "SITE", "SYST", "STAT",
		"HELP", "NOOP", "FEAT", "OPTS", "AUTH", "PBSZ", "PROT", "CCC", "EPRT", "EPSV", "MDTM", "SIZE", "MLST", "MLSD", "CLNT", "LANG", "HOST",
	} {
		m[v] = v
	}
	return m
}()

// verb returns the canonical name of the command that a line starts with, or
// "".
func verb(word []byte) string {
	const longest = 4
	if len(word) == 0 || len(word) > longest {
		return ""
	}
	var upper [longest]byte
	for i, c := range word {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	return commands[string(upper[:len(word)])]
}

// probe judges a server by its greeting and a client by its first command. SMTP
// and POP3 begin alike.
func probe(h *dissect.Head) dissect.Verdict {
	text, n := line.Next(h.Data)
	if n < 0 || !line.IsText(h.Data[:min(len(h.Data), 64)]) {
		return dissect.NotMine
	}
	if h.Dir == flow.In {
		return probeServer(h, text, n)
	}
	if n == 0 {
		if len(h.Data) < 512 && h.Hint {
			return dissect.More
		}
		return dissect.NotMine
	}
	word, rest := line.Word(text)
	v := verb(word)
	code, _, _ := line.Code(h.Other)
	greeted := code == 220 || code == 120
	switch {
	case v == "":
		return dissect.NotMine
	case v == "AUTH" && !line.EqualFold(rest, "TLS") && !line.EqualFold(rest, "SSL") && !line.EqualFold(rest, "TLS-P") && !line.EqualFold(rest, "GSSAPI"):
		return dissect.NotMine // SMTP's and POP3's
	case greeted && (v == "USER" || v == "AUTH" || v == "FEAT" || v == "SYST" || v == "OPTS" || v == "HOST" || v == "CLNT"):
		return dissect.Sure
	case greeted || h.Hint:
		return dissect.Likely
	default:
		return dissect.More // POP3 if the server says so
	}
}

func probeServer(h *dissect.Head, text []byte, n int) dissect.Verdict {
	code, _, rest := line.Code(text)
	switch {
	case n == 0 && len(h.Data) < 4:
		return dissect.More
	case code != 220 && code != 120 && code != 421 && code != 331 && code != 530:
		return dissect.NotMine
	case line.ContainsFold(rest, "SMTP"):
		return dissect.NotMine
	case line.ContainsFold(rest, "FTP"):
		return dissect.Sure
	case h.Hint:
		return dissect.Likely
	default:
		return dissect.More
	}
}

// parser reads one connection.
type parser struct {
	inner     dissect.Parser // once both sides speak TLS
	verb      string         // the latest command
	user      []byte
	banner    []byte
	greeted   bool
	multiline int // code of a reply whose lines go on, 0 if none does
	authTLS   bool
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if p.inner != nil {
		return p.inner.Parse(c, data)
	}
	text, n := line.Next(data)
	switch {
	case n < 0:
		return dissect.Stop
	case n == 0:
		return 0
	case c.Dir == flow.Out:
		p.command(c, text)
	default:
		p.reply(c, text)
	}
	return n
}

// maxUser bounds the name that is held until the password, in bytes.
const maxUser = 256

func (p *parser) command(c *dissect.Context, text []byte) {
	word, rest := line.Word(text)
	v := verb(word)
	if v == "" {
		return
	}
	p.verb = v
	switch v {
	case "USER":
		p.user = append(p.user[:0], rest[:min(len(rest), maxUser)]...)
	case "PASS":
		o := &observation.FTPSignIn{Anonymous: line.EqualFold(p.user, "ANONYMOUS") || line.EqualFold(p.user, "FTP")}
		if !o.Anonymous {
			o.User = c.Pseudonym(bytes.ToLower(p.user))
		}
		c.Emit(o)
	case "AUTH":
		p.authTLS = line.EqualFold(rest, "TLS") || line.EqualFold(rest, "SSL") || line.EqualFold(rest, "TLS-C")
	case "PORT":
		if a, ok := hostPort(rest); ok {
			c.Emit(&observation.FTPDataPort{Address: a})
		}
	case "EPRT":
		if a, ok := extendedPort(rest); ok {
			c.Emit(&observation.FTPDataPort{Address: a})
		}
	}
	if v != "PASS" {
		c.Emit(&observation.FTPCommand{Verb: v})
	}
}

// maxBanner bounds the greeting that is kept, in bytes.
const maxBanner = 256

func (p *parser) reply(c *dissect.Context, text []byte) {
	code, more, rest := line.Code(text)
	if p.multiline != 0 && (code != p.multiline || more) {
		if code == 0 {
			rest = text
		}
		p.greet(rest)
		return
	}
	if code == 0 {
		return
	}
	p.greet(rest)
	if p.multiline = 0; more {
		p.multiline = code
		return
	}
	switch {
	case !p.greeted && code == 220:
		p.greeted = true
		c.Emit(&observation.FTPServer{Banner: c.Text(p.banner)})
		p.banner = nil
	case code == 215:
		c.Emit(&observation.FTPServer{System: c.Text(rest)})
	case code == 227:
		if i := bytes.IndexAny(rest, "0123456789"); i >= 0 {
			if a, ok := hostPort(bytes.TrimRight(rest[i:], ").")); ok {
				c.Emit(&observation.FTPDataPort{Passive: true, Address: a})
			}
		}
	case code == 234 && p.authTLS:
		p.inner = tls.New()
	case code >= 400 || code == 230:
		c.Emit(&observation.FTPReply{Code: code, Verb: p.verb})
	}
	p.greeted = true
}

// greet keeps a line of the greeting.
func (p *parser) greet(text []byte) {
	text = bytes.TrimSpace(text)
	if p.greeted || len(text) == 0 || len(p.banner) >= maxBanner {
		return
	}
	if len(p.banner) > 0 {
		p.banner = append(p.banner, ' ')
	}
	p.banner = append(p.banner, text[:min(len(text), maxBanner)]...)
}

// hostPort reads six numbers (RFC 959 §4.1.2, PORT).
func hostPort(b []byte) (a netip.AddrPort, ok bool) {
	var n [6]byte
	for i := range n {
		field, rest, found := bytes.Cut(b, []byte(","))
		if v, ok := number(field); ok && v < 256 && found == (i < 5) {
			n[i], b = byte(v), rest
			continue
		}
		return a, false
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(n[:4])), uint16(n[4])<<8|uint16(n[5])), true
}

// extendedPort reads "|1|10.1.2.3|5282|" (RFC 2428 §2).
func extendedPort(b []byte) (a netip.AddrPort, ok bool) {
	if len(b) == 0 {
		return a, false
	}
	fields := bytes.SplitN(b[1:], b[:1], 5)
	if len(fields) < 3 || len(fields[1]) > 45 {
		return a, false
	}
	addr, err := netip.ParseAddr(string(fields[1]))
	port, ok := number(fields[2])
	if err != nil || !ok || port > 0xffff {
		return a, false
	}
	return netip.AddrPortFrom(addr.WithZone(""), uint16(port)), true
}

func number(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 5 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
