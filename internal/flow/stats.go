package flow

// Stats counts what a Table has done since New.
type Stats struct {
	Packets   uint64 // counted to a flow
	Fragments uint64 // lone fragments, counted to none
	Cut       uint64 // cut before their ports, counted to none

	Opened uint64
	// Ended counts flows by the state in which they ended: Ended[Evicted] are
	// those that a full table gave up while they were live.
	Ended [Evicted + 1]uint64

	// Payload bytes of TCP, by what became of them.
	Delivered     uint64 // handed to the Inspector
	Retransmitted uint64 // seen before, dropped
	Missing       uint64 // told as Gap: lost, over budget or cut by the snap length
	Gaps          uint64 // calls of Gap
	// OutOfOrder counts segments that came before their turn and were held.
	OutOfOrder uint64
	// OverBudget counts holes given up because a stream or the table held too
	// much behind them.
	OverBudget uint64
	// Astray counts segments and resets whose sequence number is not near the
	// stream's: left-overs, or forged.
	Astray uint64

	// Held is the memory now in use for segments that wait, in bytes.
	Held uint64
}

// Stats returns the counts so far.
func (t *Table) Stats() Stats {
	s := t.stats
	s.Held = uint64(t.segments.held) * segmentSize
	return s
}
