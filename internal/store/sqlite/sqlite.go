// Package sqlite keeps a site's memory in one SQLite file inside the data
// directory. It needs nothing to be installed and is the default.
//
// The file is in write-ahead mode and every commit is synced to the disk, so a
// killed process or a power cut loses nothing that Save acknowledged. One
// connection writes; a pool of others reads beside it without waiting.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/cordonhq/cordon/internal/store"
	"github.com/cordonhq/cordon/internal/store/sqlstore"
)

// FileName is the database within the data directory. SQLite keeps two more
// files beside it, with "-wal" and "-shm" appended, that belong to it.
const FileName = "cordon.db"

//go:embed migrations/*.sql
var migrations embed.FS

// rowsPerStatement is where larger INSERTs stopped being faster.
const rowsPerStatement = 50

// Open opens the store in dir, and makes both if they are not there. The
// directory is for this process alone until Close: a second Open fails with
// store.ErrLocked.
func Open(ctx context.Context, dir string) (store.Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory, or choose another with --data: %w", explain(err))
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, dir, lock)
	if err != nil {
		return nil, fmt.Errorf("open the data in %s: %w", dir, err)
	}
	return db, nil
}

func open(ctx context.Context, dir string, lock *os.File) (*sqlstore.DB, error) {
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	// The file is made here because SQLite would let the group and others read.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errors.Join(explain(err), lock.Close())
	}
	if err := f.Close(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	write, err := sql.Open("sqlite", dsn(path, "_pragma=cache_size(-8192)&_txlock=immediate"))
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(path, "_pragma=query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, write.Close(), lock.Close())
	}
	readers := min(max(4, runtime.GOMAXPROCS(0)), 8) // each has a cache of two megabytes
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)

	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded
	}
	return sqlstore.New(ctx, sqlstore.Engine{
		Name: "sqlite", Dialect: goose.DialectSQLite3, Migrations: files, Rows: rowsPerStatement,
		Sentinel: func(err error) error { return sentinel(err, dir) },
		Describe: func(ctx context.Context, db *sql.DB, i *store.Info) error {
			i.Place, i.Bytes = path, size(path)+size(path+"-wal")
			return db.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&i.Version)
		},
		Close: lock.Close, // which releases the lock
	}, write, read)
}

// dsn names the file with the settings that every connection has.
func dsn(path, more string) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=journal_size_limit(67108864)" +
		"&_pragma=temp_store(MEMORY)&" + more}
	return u.String()
}

// lockDir takes the directory for this process. The kernel releases the lock
// when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", explain(err))
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("open the data in %s: %w", dir, store.ErrLocked)
		}
		return nil, fmt.Errorf("lock the data directory %s: %w", dir, err)
	}
	return f, nil
}

// explain puts the contract's error in place of the system's.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (%v)", store.ErrFull, err)
	}
	return err
}

// sentinel maps SQLite's result codes (https://sqlite.org/rescode.html).
func sentinel(err error, dir string) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() & 0xff { // the primary code
	case lib.SQLITE_FULL:
		return store.ErrFull
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return store.ErrLocked
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return store.ErrDamaged
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN:
		// Growing the shared memory file or the journal on a full disk reports
		// an I/O error.
		if isFull(dir) {
			return store.ErrFull
		}
	}
	return nil
}

// isFull reports whether the file system of dir has next to no space left.
func isFull(dir string) bool {
	const little = 256 << 10
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return false
	}
	return s.Bavail*uint64(s.Bsize) < little || (s.Files > 0 && s.Ffree == 0)
}

// size is 0 for a file that is not there.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
