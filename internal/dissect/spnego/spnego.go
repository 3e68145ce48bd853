// Package spnego reads the security tokens by which SMB, DCE/RPC, LDAP and
// others sign in (RFC 4178): NTLM or Kerberos, wrapped or bare. It finds them by
// their own signatures, so that a wrapping that is cut or unusual does no harm.
package spnego

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/kerberos"
	"github.com/cordonhq/cordon/internal/dissect/ntlmssp"
)

// Read emits what a token says as from carrier, and reports whether it says
// anything.
func Read(c *dissect.Context, carrier cordon.Protocol, token []byte) bool {
	return ntlmssp.Read(c, carrier, token) || kerberos.ReadToken(c, carrier, token)
}
