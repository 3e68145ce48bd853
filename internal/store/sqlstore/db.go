// Package sqlstore fulfils the store contract over database/sql. It holds all
// that the engines share, which is everything but opening, locking and error
// codes: SQLite and PostgreSQL understand the same statements, down to $1, so
// one text is kept for both rather than twins that drift apart. What differs
// stands in Engine.
//
// Each noun is a row of its JSON document with columns beside it for what is
// sorted, filtered and searched. Columns hold only text and integers, computed
// here, so that no engine's collation or case rules take part.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/pressly/goose/v3"

	"github.com/cordonhq/cordon/internal/store"
)

// Engine is what one database brings.
type Engine struct {
	Name    string // as in store.Info
	Dialect goose.Dialect
	// Migrations holds the SQL files of the schema.
	Migrations fs.FS
	// Rows is how many rows one INSERT carries at best.
	Rows int
	// Sentinel returns the store error that a driver's error amounts to, nil if
	// none.
	Sentinel func(error) error
	// Describe fills Version, Place and Bytes.
	Describe func(ctx context.Context, db *sql.DB, i *store.Info) error
	// Close releases what Open took beside the connections.
	Close func() error
}

// DB is a store.Store.
type DB struct {
	engine Engine
	write  *sql.DB
	read   *sql.DB

	saving sync.Mutex // one Save at a time: two could deadlock in the database
}

var _ store.Store = (*DB)(nil)

// New brings the schema up to date and returns the store. It owns write and
// read, which may be the same, also when it fails.
func New(ctx context.Context, e Engine, write, read *sql.DB) (*DB, error) {
	db := &DB{engine: e, write: write, read: read}
	if err := db.migrate(ctx); err != nil {
		err = db.wrap(ctx, "prepare the tables", err)
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) migrator() (*goose.Provider, error) {
	return goose.NewProvider(db.engine.Dialect, db.write, db.engine.Migrations,
		goose.WithLogger(goose.NopLogger()), goose.WithTableName("cordon_schema"), goose.WithDisableGlobalRegistry(true))
}

func (db *DB) migrate(ctx context.Context) error {
	m, err := db.migrator()
	if err != nil {
		return err
	}
	have, want, err := m.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("%w (it has schema %d, this Cordon knows %d)", store.ErrNewerSchema, have, want)
	}
	_, err = m.Up(ctx)
	return err
}

// Close closes the connections and releases the engine's lock.
func (db *DB) Close() error {
	db.saving.Lock()
	defer db.saving.Unlock()
	errs := []error{db.read.Close()}
	if db.write != db.read {
		errs = append(errs, db.write.Close())
	}
	if db.engine.Close != nil {
		errs = append(errs, db.engine.Close())
		db.engine.Close = nil
	}
	return errors.Join(errs...)
}

// Info describes the store.
func (db *DB) Info(ctx context.Context) (store.Info, error) {
	i := store.Info{Engine: db.engine.Name}
	err := db.read.QueryRowContext(ctx, `SELECT max(version_id) FROM cordon_schema`).Scan(&i.SchemaVersion)
	if err == nil {
		err = db.engine.Describe(ctx, db.read, &i)
	}
	if err != nil {
		return store.Info{}, db.wrap(ctx, "describe the store", err)
	}
	return i, nil
}

// wrap says what was being done, and puts the contract's error in place of the
// driver's.
func (db *DB) wrap(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil { // drivers report a cancelled statement in their own ways
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	if s := db.engine.Sentinel(err); s != nil {
		return fmt.Errorf("%s: %w (%v)", what, s, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Meta returns the value under key.
func (db *DB) Meta(ctx context.Context, key string) (string, error) {
	var value string
	err := db.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, db.wrap(ctx, "read "+key, err)
}

// SetMeta keeps value under key.
func (db *DB) SetMeta(ctx context.Context, key, value string) error {
	if err := checkID("a meta value", key); err != nil {
		return err
	}
	return db.inTx(ctx, "keep "+key, func(w *writer) error {
		return w.upsert(metaTable, [][]any{{key, plain(value)}})
	})
}

// inTx runs f in one transaction of the writer.
func (db *DB) inTx(ctx context.Context, what string, f func(*writer) error) error {
	db.saving.Lock()
	defer db.saving.Unlock()
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return db.wrap(ctx, what, err)
	}
	if err := f(&writer{ctx: ctx, tx: tx, rows: db.engine.Rows}); err != nil {
		// A failed transaction is gone whether or not it can be told so.
		_ = tx.Rollback()
		return db.wrap(ctx, what, err)
	}
	return db.wrap(ctx, what, tx.Commit())
}
