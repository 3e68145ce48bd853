package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
)

// Save writes c in one transaction. Rows are encoded before it begins, so that
// a value that cannot be kept costs no transaction.
func (db *DB) Save(ctx context.Context, c store.Changes) error {
	if c.Empty() {
		return nil
	}
	merged := resolve(c.Removed)
	var b batch
	if err := b.encode(c, merged); err != nil {
		return err
	}
	return db.inTx(ctx, "save", func(w *writer) error {
		for _, gone := range slices.Sorted(maps.Keys(merged)) {
			if err := w.remove(gone, merged[gone]); err != nil {
				return err
			}
		}
		if err := w.delete(conversationsTable.name, conversationsTable.columns[0], texts(c.RemovedConversations)); err != nil {
			return err
		}
		return w.write(&b)
	})
}

// resolve follows chains of merges to their ends. A chain that bites its tail
// leads nowhere.
func resolve(removed map[cordon.DeviceID]cordon.DeviceID) map[cordon.DeviceID]cordon.DeviceID {
	out := make(map[cordon.DeviceID]cordon.DeviceID, len(removed))
	for gone, into := range removed {
		seen := map[cordon.DeviceID]bool{gone: true}
		for into != "" && !seen[into] {
			next, ok := removed[into]
			if !ok {
				break
			}
			seen[into], into = true, next
		}
		if seen[into] {
			into = ""
		}
		out[gone] = into
	}
	return out
}

// batch is what one Save writes, as rows.
type batch struct {
	devices, conversations, findings, timeline, overrides [][]any
	// Keys: devices that may have been merged away before, overrides to drop.
	revived, noOverride []any
}

func (b *batch) encode(c store.Changes, merged map[cordon.DeviceID]cordon.DeviceID) error {
	var err error
	if b.devices, err = encodeAll(c.Devices, deviceRow); err != nil {
		return err
	}
	for _, row := range b.devices {
		b.revived = append(b.revived, row[0])
	}
	if b.conversations, err = encodeAll(c.Conversations, conversationRow); err != nil {
		return err
	}
	if b.findings, err = encodeAll(c.Findings, findingRow); err != nil {
		return err
	}
	if b.timeline, err = encodeAll(c.Timeline, func(e cordon.TimelineEntry) ([]any, error) {
		if into := merged[e.Device]; into != "" {
			e.Device = into
		}
		return timelineRow(e)
	}); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(c.Overrides)) {
		if c.Overrides[id] == (cordon.Override{}) {
			b.noOverride = append(b.noOverride, plain(string(id)))
			continue
		}
		row, err := overrideRow(id, c.Overrides[id])
		if err != nil {
			return err
		}
		b.overrides = append(b.overrides, row)
	}
	return nil
}

// encodeAll makes one row of each item, in the order of keys, which keeps the
// pages of an index close together; of items with the same key the last stays.
func encodeAll[T any](items []T, row func(T) ([]any, error)) ([][]any, error) {
	rows := make([][]any, len(items))
	for i, item := range items {
		var err error
		if rows[i], err = row(item); err != nil {
			return nil, err
		}
	}
	slices.Reverse(rows)
	slices.SortStableFunc(rows, func(a, b []any) int { return cmp.Compare(a[0].(string), b[0].(string)) })
	return slices.CompactFunc(rows, func(a, b []any) bool { return a[0] == b[0] }), nil
}

// writer is one transaction.
type writer struct {
	ctx  context.Context
	tx   *sql.Tx
	rows int
}

func (w *writer) write(b *batch) error {
	if err := w.delete("merges", "device", b.revived); err != nil {
		return err
	}
	if err := w.delete(overridesTable.name, overridesTable.columns[0], b.noOverride); err != nil {
		return err
	}
	if err := w.upsert(devicesTable, b.devices); err != nil {
		return err
	}
	if err := w.upsert(conversationsTable, b.conversations); err != nil {
		return err
	}
	if err := w.upsert(findingsTable, b.findings); err != nil {
		return err
	}
	if err := w.upsert(timelineTable, b.timeline); err != nil {
		return err
	}
	return w.upsert(overridesTable, b.overrides)
}

func (w *writer) exec(query string, args ...any) error {
	_, err := w.tx.ExecContext(w.ctx, query, args...)
	return err
}

// delete drops the rows whose column is one of keys.
func (w *writer) delete(table, column string, keys []any) error {
	for some := range slices.Chunk(keys, 500) {
		places := make([]string, len(some))
		for i := range some {
			places[i] = "$" + strconv.Itoa(i+1)
		}
		if err := w.exec("DELETE FROM "+table+" WHERE "+column+" IN ("+strings.Join(places, ", ")+")", some...); err != nil {
			return err
		}
	}
	return nil
}

// upsert writes rows with few different statements: as many as possible of
// w.rows rows, then of half as many, and so on.
func (w *writer) upsert(t table, rows [][]any) error {
	for n := w.rows; len(rows) > 0; n = max(n/2, 1) {
		full := len(rows) / n * n
		if err := w.upsertBy(t, rows[:full], n); err != nil {
			return err
		}
		rows = rows[full:]
	}
	return nil
}

// upsertBy writes rows, a multiple of n, with n rows to a statement.
func (w *writer) upsertBy(t table, rows [][]any, n int) error {
	if len(rows) == 0 {
		return nil
	}
	stmt, err := w.tx.PrepareContext(w.ctx, upsertStatement(t, n))
	if err != nil {
		return err
	}
	defer stmt.Close()
	for ; len(rows) > 0; rows = rows[n:] {
		if _, err := stmt.ExecContext(w.ctx, slices.Concat(rows[:n]...)...); err != nil {
			return err
		}
	}
	return nil
}

// upsertStatement inserts n rows, and replaces all but the key where it
// exists. Timeline entries never change, so a second one is ignored.
func upsertStatement(t table, n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES ")
	arg := 0
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for j := range t.columns {
			if j > 0 {
				b.WriteString(", ")
			}
			arg++
			b.WriteString("$" + strconv.Itoa(arg))
		}
		b.WriteByte(')')
	}
	b.WriteString(" ON CONFLICT (" + t.columns[0] + ") DO ")
	if t.name == timelineTable.name {
		b.WriteString("NOTHING")
		return b.String()
	}
	b.WriteString("UPDATE SET ")
	for i, c := range t.columns[1:] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c + " = excluded." + c)
	}
	return b.String()
}

// remove drops a device. What is said of it elsewhere is said of into from
// then on, if there is one.
func (w *writer) remove(gone, into cordon.DeviceID) error {
	id := plain(string(gone))
	if err := w.exec(`DELETE FROM devices WHERE id = $1`, id); err != nil {
		return err
	}
	if into == "" {
		return w.forget(id)
	}
	if err := checkID("a merged device's successor", string(into)); err != nil {
		return err
	}
	if err := checkID("a merged device", string(gone)); err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE merges SET successor = $2 WHERE successor = $1`,
		`INSERT INTO merges (device, successor) VALUES ($1, $2) ON CONFLICT (device) DO UPDATE SET successor = excluded.successor`,
		`UPDATE timeline SET device = $2 WHERE device = $1`,
		`UPDATE overrides SET device = $2 WHERE device = $1 AND NOT EXISTS (SELECT 1 FROM overrides WHERE device = $2)`,
	} {
		if err := w.exec(statement, id, string(into)); err != nil {
			return err
		}
	}
	if err := w.exec(`DELETE FROM overrides WHERE device = $1`, id); err != nil {
		return err
	}
	return errors.Join(w.redirectConversations(id, into), w.redirectFindings(id, into))
}

// forget drops what only matters with the device.
func (w *writer) forget(id string) error {
	for _, statement := range []string{
		`DELETE FROM merges WHERE successor = $1`,
		`DELETE FROM timeline WHERE device = $1`,
		`DELETE FROM overrides WHERE device = $1`,
	} {
		if err := w.exec(statement, id); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) redirectConversations(gone string, into cordon.DeviceID) error {
	return redirect(w, conversationsTable,
		`SELECT doc FROM conversations WHERE client = $1 UNION SELECT doc FROM conversations WHERE server = $1`, gone,
		func(c cordon.Conversation) ([]any, error) {
			for _, p := range []*cordon.Peer{&c.Client, &c.Server} {
				if string(p.Device) == gone {
					p.Device = into
				}
			}
			return conversationRow(c)
		})
}

func (w *writer) redirectFindings(gone string, into cordon.DeviceID) error {
	return redirect(w, findingsTable,
		`SELECT doc FROM findings WHERE src = $1 UNION SELECT doc FROM findings WHERE dst = $1`, gone,
		func(f cordon.Finding) ([]any, error) {
			for _, id := range []*cordon.DeviceID{&f.SrcDevice, &f.DstDevice} {
				if string(*id) == gone {
					*id = into
				}
			}
			return findingRow(f)
		})
}

// redirect rewrites the rows whose documents query selects.
func redirect[T any](w *writer, t table, query, gone string, row func(T) ([]any, error)) error {
	docs, err := w.documents(query, gone)
	if err != nil {
		return err
	}
	rows := make([][]any, len(docs))
	for i, doc := range docs {
		v, err := decode[T](doc)
		if err != nil {
			return err
		}
		if rows[i], err = row(v); err != nil {
			return err
		}
	}
	return w.upsert(t, rows)
}

func (w *writer) documents(query string, args ...any) ([]string, error) {
	rows, err := w.tx.QueryContext(w.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var docs []string
	for rows.Next() {
		var doc string
		if err := rows.Scan(&doc); err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, rows.Err()
}
