package mssql

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/spnego"
	"github.com/cordonhq/cordon/internal/dissect/utf16le"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// The variable fields of a LOGIN7, in the order of their places
// (MS-TDS §2.2.6.4).
const (
	fieldHost = iota
	fieldUser
	fieldPassword
	fieldApplication
	fieldServer
	fieldExtension
	fieldLibrary
	fieldLanguage
	fieldDatabase
	fieldCount
)

// signIn reads a LOGIN7.
func signIn(c *dissect.Context, body wire.Reader) {
	const fixedLen, addressLen = 36, 6
	r := body
	if !r.Skip(fixedLen) {
		return
	}
	var fields [fieldCount][]byte
	for i := range fields {
		var at, count uint16
		if !r.LE16(&at) || !r.LE16(&count) {
			return
		}
		if end := int(at) + 2*int(count); end <= len(body) {
			fields[i] = body[at:end]
		}
	}
	text := func(i int) string { return c.Text(utf16le.Decode(fields[i])) }
	c.Emit(&observation.DatabaseClient{
		Carrier: cordon.MSSQL, Application: text(fieldApplication), Driver: text(fieldLibrary), Host: text(fieldHost), Database: text(fieldDatabase),
	})
	var at, length uint16
	if len(fields[fieldUser]) == 0 {
		// Windows signs in, with the token that the next place points at.
		if r.Skip(addressLen) && r.LE16(&at) && r.LE16(&length) && int(at)+int(length) <= len(body) {
			readToken(c, body[at:int(at)+int(length)])
		}
		return
	}
	c.Emit(&observation.DatabaseSignIn{
		Carrier: cordon.MSSQL, User: c.Pseudonym(bytes.ToLower(utf16le.Decode(fields[fieldUser]))), Password: len(fields[fieldPassword]) > 0,
	})
}

func readToken(c *dissect.Context, token []byte) { spnego.Read(c, cordon.MSSQL, token) }
