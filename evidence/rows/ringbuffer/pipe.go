package ringbuffer

import (
	"io"
	"net"

	smallnest "github.com/smallnest/ringbuffer"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/ringbuffer"
)

// pipes moves bytes from one goroutine to another, in pieces of 4 KiB.
func pipes() measure.Group {
	const size, piece = 1 << 16, 4096
	copied := func(w io.Writer, r io.Reader) measure.Side {
		src, dst := make([]byte, piece), make([]byte, piece)
		return pipe(func(m int) {
			for range m {
				if _, err := w.Write(src); err != nil {
					panic(err)
				}
			}
		}, func(m int) {
			for range m {
				if _, err := io.ReadFull(r, dst); err != nil {
					panic(err)
				}
			}
		})
	}
	return measure.Group{
		Name: "Pipe: 4 KiB from goroutine to goroutine, 2 processors, capacity 64 KiB",
		Unit: "ns/piece wall", Procs: 2, Wall: true,
		Ours: func() measure.Side {
			p := ringbuffer.NewPipe(size)
			return copied(p, p)
		},
		Peers: []measure.Peer{
			{Name: "io.Pipe", Target: 2, Note: "no buffer", New: func() measure.Side {
				r, w := io.Pipe()
				return copied(w, r)
			}},
			{Name: "net.Pipe", Target: 3, Note: "no buffer", New: func() measure.Side {
				r, w := net.Pipe()
				return copied(w, r)
			}},
			{Name: "smallnest/ringbuffer", Target: 0.8, Note: "blocking, one mutex; in both, most of the time goes into the copies and into two wake-ups for each buffer", New: func() measure.Side {
				b := smallnest.New(size).SetBlocking(true)
				return copied(b, b)
			}},
		},
	}
}
