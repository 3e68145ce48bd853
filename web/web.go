// Package web serves the console: the files that `npm run build` leaves in
// dist, embedded into the binary. It holds no data and asks nobody for any;
// the console gets all of it from the API on the same origin. Without a build
// (`go build` on a machine without Node) it serves one page that says how to
// make one.
package web

import (
	"bytes"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

//go:embed unbuilt
var unbuilt embed.FS

// Policy is the content security policy that the console is built for: nothing
// inline, nothing from elsewhere. The map draws its icons from data: images.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the console at the root of its origin. A path that names no
// file gets the index, whose router reads it; a path under /api never does,
// for a client that asks for data must not be answered with a page.
func Handler() http.Handler {
	if files, err := fs.Sub(dist, "dist"); err == nil && exists(files, "index.html") {
		return serve(files, "index.html", http.StatusOK)
	}
	files, err := fs.Sub(unbuilt, "unbuilt")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return serve(files, "index.html", http.StatusServiceUnavailable)
}

// serve answers with the files, and with index under fallbackStatus's rules:
// 200 for the real console, 503 for the page that says there is none.
func serve(files fs.FS, index string, indexStatus int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the console only answers GET", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		switch {
		case name == "api" || strings.HasPrefix(name, "api/"):
			http.NotFound(w, r)
		case name != "" && name != index && exists(files, name):
			file(w, r, files, name, http.StatusOK)
		case strings.HasPrefix(name, "assets/"):
			// A hashed name of another version: an index here would be read
			// as a script.
			http.NotFound(w, r)
		default:
			file(w, r, files, index, indexStatus)
		}
	})
}

func file(w http.ResponseWriter, r *http.Request, files fs.FS, name string, status int) {
	body, err := fs.ReadFile(files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		h.Set("Content-Type", t)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", Policy)
	h.Set("Cache-Control", cacheControl(name))
	if status != http.StatusOK {
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // the client has gone; nothing to tell it
		}
		return
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

// cacheControl lets browsers keep what carries its hash in its name for good,
// and nothing else, least of all the index that names them.
func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func exists(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	return err == nil && info.Mode().IsRegular() && path.Base(name) != ".gitkeep"
}
