package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
)

// Device returns one device.
func (db *DB) Device(ctx context.Context, id cordon.DeviceID) (cordon.Device, error) {
	what := fmt.Sprintf("read device %.40q", string(id))
	if !validID(string(id)) {
		return cordon.Device{}, fmt.Errorf("%s: %w", what, store.ErrNotFound)
	}
	var doc string
	err := db.read.QueryRowContext(ctx, `SELECT doc FROM devices WHERE id = $1`, string(id)).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return cordon.Device{}, db.missingDevice(ctx, what, id)
	}
	if err != nil {
		return cordon.Device{}, db.wrap(ctx, what, err)
	}
	return decode[cordon.Device](doc)
}

// missingDevice says why a device is not there.
func (db *DB) missingDevice(ctx context.Context, what string, id cordon.DeviceID) error {
	var into string
	err := db.read.QueryRowContext(ctx,
		`SELECT successor FROM merges JOIN devices ON devices.id = successor WHERE device = $1`, string(id)).Scan(&into)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", what, store.ErrNotFound)
	case err != nil:
		return db.wrap(ctx, what, err)
	}
	return fmt.Errorf("%s: %w", what, &store.MergedError{Device: id, Into: cordon.DeviceID(into)})
}

// Override returns what people said of a device.
func (db *DB) Override(ctx context.Context, id cordon.DeviceID) (cordon.Override, error) {
	if !validID(string(id)) {
		return cordon.Override{}, nil
	}
	var doc string
	err := db.read.QueryRowContext(ctx, `SELECT doc FROM overrides WHERE device = $1`, string(id)).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return cordon.Override{}, nil
	}
	if err != nil {
		return cordon.Override{}, db.wrap(ctx, "read an override", err)
	}
	return decode[cordon.Override](doc)
}

// Devices lists devices.
func (db *DB) Devices(ctx context.Context, q store.DeviceQuery) (store.Page[cordon.Device], error) {
	s := selection{table: "devices"}
	switch q.Sort {
	case store.DevicesByName, "":
		s.text("name_key")
	case store.DevicesByKind:
		s.text("kind")
	case store.DevicesByVendor:
		s.text("vendor_key")
	case store.DevicesByLastSeen:
		s.integer("last_seen")
	case store.DevicesByFirstSeen:
		s.integer("first_seen")
	case store.DevicesByConfidence:
		s.integer("confidence")
	default:
		return store.Page[cordon.Device]{}, fmt.Errorf("list devices: there is no order by %q", q.Sort)
	}
	for _, term := range store.SearchTerms(q.Search) {
		// instr and strpos have one name in neither engine; position() is not in
		// SQLite. LIKE with escaped wildcards is in both.
		s.where("search LIKE " + s.arg("%"+escapeLike(term)+"%") + ` ESCAPE '\'`)
	}
	s.in("kind", texts(q.Kinds))
	if q.Vendor != "" {
		s.where("vendor_key = " + s.arg(store.SortKey(q.Vendor)))
	}
	return list(ctx, db, "list devices", s, q.Paging, func(_, doc string) (cordon.Device, error) { return decode[cordon.Device](doc) })
}

// Conversations lists conversations.
func (db *DB) Conversations(ctx context.Context, q store.ConversationQuery) (store.Page[cordon.Conversation], error) {
	s := selection{table: "conversations"}
	switch q.Sort {
	case store.ConversationsByLastSeen, "":
		s.integer("last_seen")
	case store.ConversationsByFirstSeen:
		s.integer("first_seen")
	case store.ConversationsByBytes:
		s.integer("bytes")
	case store.ConversationsByProtocol:
		s.text("protocol")
	default:
		return store.Page[cordon.Conversation]{}, fmt.Errorf("list conversations: there is no order by %q", q.Sort)
	}
	if q.Device != "" {
		id := s.arg(plain(string(q.Device)))
		s.where("(client = " + id + " OR server = " + id + ")")
	}
	if q.Protocol != nil {
		s.where("protocol = " + s.arg(q.Protocol.String()))
	}
	return list(ctx, db, "list conversations", s, q.Paging, func(_, doc string) (cordon.Conversation, error) { return decode[cordon.Conversation](doc) })
}

// Findings lists findings.
func (db *DB) Findings(ctx context.Context, q store.FindingQuery) (store.Page[cordon.Finding], error) {
	s := selection{table: "findings"}
	switch q.Sort {
	case store.FindingsByLast, "":
		s.integer("last")
	case store.FindingsBySeverity:
		s.integer("severity_rank")
	default:
		return store.Page[cordon.Finding]{}, fmt.Errorf("list findings: there is no order by %q", q.Sort)
	}
	if q.Device != "" {
		id := s.arg(plain(string(q.Device)))
		s.where("(src = " + id + " OR dst = " + id + ")")
	}
	s.in("severity", texts(q.Severities))
	return list(ctx, db, "list findings", s, q.Paging, func(_, doc string) (cordon.Finding, error) { return decode[cordon.Finding](doc) })
}

// Timeline lists what happened to a device.
func (db *DB) Timeline(ctx context.Context, q store.TimelineQuery) (store.Page[cordon.TimelineEntry], error) {
	s := selection{table: "timeline"}
	s.integer("at")
	s.where("device = " + s.arg(plain(string(q.Device))))
	q.Desc = true
	return list(ctx, db, "read a timeline", s, q.Paging, func(_, doc string) (cordon.TimelineEntry, error) {
		e, err := decode[cordon.TimelineEntry](doc)
		e.Device = q.Device // the document may name one that was merged into it
		return e, err
	})
}

// selection builds one SELECT of a page.
type selection struct {
	table  string
	key    string // column that is sorted by
	isText bool
	wheres []string
	args   []any
}

func (s *selection) text(column string)    { s.key, s.isText = column, true }
func (s *selection) integer(column string) { s.key, s.isText = column, false }

func (s *selection) where(condition string) { s.wheres = append(s.wheres, condition) }

// arg adds an argument and returns its place.
func (s *selection) arg(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// in keeps rows whose column is one of values, all if there are none.
func (s *selection) in(column string, values []any) {
	if len(values) == 0 {
		return
	}
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = s.arg(v)
	}
	s.where(column + " IN (" + strings.Join(places, ", ") + ")")
}

// statement selects key, id and document of limit rows after the position.
func (s *selection) statement(p store.Paging, limit int) string {
	compare, order := ">", ""
	if p.Desc {
		compare, order = "<", " DESC"
	}
	if a := p.After; a != nil {
		var key any = a.Int
		if s.isText {
			key = plain(a.Text)
		}
		s.where("(" + s.key + ", id) " + compare + " (" + s.arg(key) + ", " + s.arg(plain(a.ID)) + ")")
	}
	b := "SELECT " + s.key + ", id, doc FROM " + s.table
	if len(s.wheres) > 0 {
		b += " WHERE " + strings.Join(s.wheres, " AND ")
	}
	return b + " ORDER BY " + s.key + order + ", id" + order + " LIMIT " + strconv.Itoa(limit)
}

// list runs a selection and makes a page of it.
func list[T any](ctx context.Context, db *DB, what string, s selection, p store.Paging, item func(id, doc string) (T, error)) (store.Page[T], error) {
	limit := p.Limit
	if limit <= 0 || limit > store.MaxLimit {
		limit = store.MaxLimit
	}
	page := store.Page[T]{Items: make([]T, 0, min(limit, 128))}
	rows, err := db.read.QueryContext(ctx, s.statement(p, limit+1), s.args...)
	if err != nil {
		return store.Page[T]{}, db.wrap(ctx, what, err)
	}
	defer rows.Close()
	var last store.Position
	key := any(&last.Int)
	if s.isText {
		key = &last.Text
	}
	for rows.Next() {
		if len(page.Items) == limit {
			page.Next = &last
			break
		}
		var doc string
		if err := rows.Scan(key, &last.ID, &doc); err != nil {
			return store.Page[T]{}, db.wrap(ctx, what, err)
		}
		v, err := item(last.ID, doc)
		if err != nil {
			return store.Page[T]{}, fmt.Errorf("%s: %s: %w", what, last.ID, err)
		}
		page.Items = append(page.Items, v)
	}
	if err := rows.Err(); err != nil {
		return store.Page[T]{}, db.wrap(ctx, what, err)
	}
	return page, nil
}

// texts makes arguments of tokens.
func texts[T ~string](tokens []T) []any {
	out := make([]any, len(tokens))
	for i, t := range tokens {
		out[i] = plain(string(t))
	}
	return out
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// escapeLike makes every character of text stand for itself.
func escapeLike(text string) string { return likeEscaper.Replace(text) }

// Counts counts everything.
func (db *DB) Counts(ctx context.Context) (store.Counts, error) {
	c := store.Counts{DevicesByKind: map[cordon.Kind]int{}, FindingsBySeverity: map[cordon.Severity]int{}}
	err := errors.Join(
		countBy(ctx, db.read, `SELECT kind, count(*) FROM devices GROUP BY kind`, c.DevicesByKind),
		countBy(ctx, db.read, `SELECT severity, count(*) FROM findings GROUP BY severity`, c.FindingsBySeverity),
		db.read.QueryRowContext(ctx, `SELECT count(*) FROM conversations`).Scan(&c.Conversations),
	)
	if err != nil {
		return store.Counts{}, db.wrap(ctx, "count", err)
	}
	for _, n := range c.DevicesByKind {
		c.Devices += n
	}
	for _, n := range c.FindingsBySeverity {
		c.Findings += n
	}
	return c, nil
}

func countBy[K ~string](ctx context.Context, db *sql.DB, query string, into map[K]int) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return err
		}
		into[K(key)] = n
	}
	return rows.Err()
}

// AllDevices yields every device.
func (db *DB) AllDevices(ctx context.Context) iter.Seq2[cordon.Device, error] {
	return all(ctx, db, "devices", "id", func(_, doc string) (cordon.Device, error) { return decode[cordon.Device](doc) })
}

// AllConversations yields every conversation.
func (db *DB) AllConversations(ctx context.Context) iter.Seq2[cordon.Conversation, error] {
	return all(ctx, db, "conversations", "id", func(_, doc string) (cordon.Conversation, error) { return decode[cordon.Conversation](doc) })
}

// AllFindings yields every finding.
func (db *DB) AllFindings(ctx context.Context) iter.Seq2[cordon.Finding, error] {
	return all(ctx, db, "findings", "id", func(_, doc string) (cordon.Finding, error) { return decode[cordon.Finding](doc) })
}

// AllOverrides yields everything that people said.
func (db *DB) AllOverrides(ctx context.Context) iter.Seq2[store.DeviceOverride, error] {
	return all(ctx, db, "overrides", "device", func(id, doc string) (store.DeviceOverride, error) {
		o, err := decode[cordon.Override](doc)
		return store.DeviceOverride{Device: cordon.DeviceID(id), Override: o}, err
	})
}

// all yields a table in the order of its key. It reads a stretch at a time, so
// that a slow consumer keeps no transaction open.
func all[T any](ctx context.Context, db *DB, table, key string, item func(id, doc string) (T, error)) iter.Seq2[T, error] {
	const stretch = 1000
	query := "SELECT " + key + ", doc FROM " + table + " WHERE " + key + " > $1 ORDER BY " + key + " LIMIT " + strconv.Itoa(stretch)
	return func(yield func(T, error) bool) {
		var zero T
		for after, more := "", true; more; {
			ids, docs, err := pairs(ctx, db.read, query, after)
			if err != nil {
				yield(zero, db.wrap(ctx, "read "+table, err))
				return
			}
			for i, id := range ids {
				v, err := item(id, docs[i])
				if err != nil {
					yield(zero, fmt.Errorf("read %s: %s: %w", table, id, err))
					return
				}
				if !yield(v, nil) {
					return
				}
				after = id
			}
			more = len(ids) == stretch
		}
	}
}

func pairs(ctx context.Context, db *sql.DB, query string, args ...any) (first, second []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return nil, nil, err
		}
		first, second = append(first, a), append(second, b)
	}
	return first, second, rows.Err()
}
