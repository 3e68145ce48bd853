// Command openapigen writes the OpenAPI document of the API into the file that
// it is given. It is run by go generate.
package main

import (
	"fmt"
	"os"

	"github.com/cordonhq/cordon/internal/api"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: openapigen FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], api.Document(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
