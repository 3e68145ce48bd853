package inventory

import "github.com/cordonhq/cordon/internal/platform/netid"

// peer is what an endpoint keeps of an address that it is a client of.
type peer struct {
	ip    netid.Addr
	rows  int32
	ports int32 // rows with a port and without a known protocol
	// stranger and guest say whether it counts against the bound of the client
	// and of the server.
	stranger, guest bool
}

// peers are those of one endpoint. Most have a few, which are found by looking
// at all of them; a map for each endpoint would take several times the room.
type peers struct {
	list []peer
	at   map[netid.Addr]int // places in list; nil while they are few
}

const fewPeers = 16

// find returns the peer with that address, nil if there is none. It is valid
// until the next add or remove.
func (p *peers) find(ip netid.Addr) *peer {
	if p.at != nil {
		if i, ok := p.at[ip]; ok {
			return &p.list[i]
		}
		return nil
	}
	for i := range p.list {
		if p.list[i].ip == ip {
			return &p.list[i]
		}
	}
	return nil
}

// add adds a peer that is not there.
func (p *peers) add(ip netid.Addr) *peer {
	p.list = append(p.list, peer{ip: ip})
	switch {
	case p.at != nil:
		p.at[ip] = len(p.list) - 1
	case len(p.list) > fewPeers:
		p.at = map[netid.Addr]int{}
		for i := range p.list {
			p.at[p.list[i].ip] = i
		}
	}
	return &p.list[len(p.list)-1]
}

// remove takes out a peer that find returned.
func (p *peers) remove(gone *peer) {
	last := len(p.list) - 1
	if p.at != nil {
		p.at[p.list[last].ip] = p.at[gone.ip]
		delete(p.at, gone.ip)
	}
	*gone = p.list[last]
	p.list = p.list[:last]
}
