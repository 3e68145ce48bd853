package inventory

import (
	"math/rand/v2"
	"testing"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// TestPeers compares with a map, below and above the number that are few.
func TestPeers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var p peers
	want := map[netid.Addr]int32{}
	for range 10000 {
		ip := netid.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(40))})
		found := p.find(ip)
		rows, known := want[ip]
		if (found != nil) != known || known && (found.ip != ip || found.rows != rows) {
			t.Fatalf("%v is %+v, want %v %d", ip, found, known, rows)
		}
		switch {
		case found == nil:
			found = p.add(ip)
			found.rows = r.Int32()
			want[ip] = found.rows
		case r.IntN(3) > 0:
			p.remove(found)
			delete(want, ip)
		}
		if len(p.list) != len(want) {
			t.Fatalf("%d peers, want %d", len(p.list), len(want))
		}
	}
}
