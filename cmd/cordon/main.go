// Command cordon sees, segments and protects the connected devices of a
// clinic. Run it without arguments for help.
package main

import (
	"os"

	"github.com/cordonhq/cordon/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
