package cli

import (
	"runtime"
	"syscall"
)

// firstHeap is how much memory, in bytes, a command that ends soon is expected
// to use at most.
const firstHeap = 96 << 20

// preferHugePages has the kernel back the first of the heap by pages of 2 MiB:
// a fault for each 4 KiB takes an eighth of the time of a run over a large
// capture. What is not used costs nothing. The Go runtime has no setting for
// it, so the advice is given for the place of a slice that is let go
// untouched. Where the kernel does not heed it, nothing is lost.
func preferHugePages() {
	_ = syscall.Madvise(make([]byte, firstHeap), syscall.MADV_HUGEPAGE)
	runtime.GC()
}
