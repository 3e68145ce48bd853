//go:build !linux

package cli

// preferHugePages is for kernels that can be asked.
func preferHugePages() {}
