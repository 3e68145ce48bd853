// Package postgres keeps a site's or a hub's memory in a PostgreSQL database,
// version 13 or later. The database is for one Cordon at a time; where several
// share a server, each has its own database or its own schema, which the
// search_path of the connection string chooses.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/cordonhq/cordon/internal/store"
	"github.com/cordonhq/cordon/internal/store/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// rowsPerStatement keeps an INSERT well below the 65,535 parameters that the
// protocol allows.
const rowsPerStatement = 500

// Open connects to the database that conn names, as a URL or in key=value
// form, and brings its tables up to date. A second Open of the same database
// and schema fails with store.ErrLocked until Close.
func Open(ctx context.Context, conn string) (store.Store, error) {
	config, err := pgxpool.ParseConfig(conn)
	if err != nil {
		return nil, fmt.Errorf("read the PostgreSQL connection string: %w", err)
	}
	// Commits are as durable as SQLite's, whatever the server's default.
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	config.ConnConfig.RuntimeParams["application_name"] = "cordon"
	place := fmt.Sprintf("%s/%s", config.ConnConfig.Host, config.ConnConfig.Database)

	lock, err := lockDatabase(ctx, config.ConnConfig.Copy(), place)
	if err != nil {
		return nil, err
	}
	unlock := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return lock.Close(ctx)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to %s: %w", place, err), unlock())
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded
	}
	db := stdlib.OpenDBFromPool(pool)
	s, err := sqlstore.New(ctx, sqlstore.Engine{
		Name: "postgresql", Dialect: goose.DialectPostgres, Migrations: files, Rows: rowsPerStatement,
		Sentinel: sentinel,
		Describe: func(ctx context.Context, db *sql.DB, i *store.Info) error {
			i.Place = place
			return db.QueryRowContext(ctx, `SELECT current_setting('server_version'), pg_database_size(current_database())`).Scan(&i.Version, &i.Bytes)
		},
		Close: func() error {
			pool.Close()
			return unlock()
		},
	}, db, db)
	if err != nil {
		return nil, fmt.Errorf("open the data in %s: %w", place, err)
	}
	return s, nil
}

// lockPatience is how long Open waits for a Cordon that was just killed: the
// server needs a moment to notice.
const lockPatience = "3s"

// lockDatabase takes the database and schema for this process, by an advisory
// lock on a connection of its own. The server releases it when the connection
// ends, so a server that restarts under a running Cordon forgets it.
func lockDatabase(ctx context.Context, config *pgx.ConnConfig, place string) (*pgx.Conn, error) {
	config.RuntimeParams["lock_timeout"] = lockPatience
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", place, err)
	}
	const cordons = 0x636f7264 // keeps our locks apart from other programs'
	_, err = conn.Exec(ctx, `SELECT pg_advisory_lock($1, hashtext(coalesce(current_schema(), '')))`, cordons)
	if err != nil {
		if s := sentinel(err); s != nil {
			err = s
		}
		return nil, errors.Join(fmt.Errorf("open the data in %s: %w", place, err), conn.Close(ctx))
	}
	return conn, nil
}

// sentinel maps SQLSTATE codes (PostgreSQL documentation, appendix A).
func sentinel(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code {
	case "53100": // disk_full
		return store.ErrFull
	case "55P03": // lock_not_available
		return store.ErrLocked
	case "XX001", "XX002": // data_corrupted, index_corrupted
		return store.ErrDamaged
	}
	return nil
}
