package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// save measures SAVE, and BGSAVE with a client that sets one key after the other meanwhile.
func (b *bench) save(ctx context.Context) ([]row, error) {
	of := fmt.Sprintf(" of %d keys: ", b.saved)
	table := []row{
		{figure: "SAVE" + of + "ms", format: "%.0f"},
		{figure: "BGSAVE" + of + "ms", format: "%.0f"},
		{figure: "BGSAVE" + of + "the longest wait of a client, ms", format: "%.1f"},
		{figure: "BGSAVE" + of + "MB copied because of SETs meanwhile", format: "%.3f"},
		{figure: "BGSAVE" + of + "SETs/s of one client meanwhile", format: "%.0f"},
	}
	for range min(b.rounds, 3) {
		for i, name := range names {
			got, err := b.saveOnce(ctx, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			for j, v := range got {
				all := []*[]float64{&table[j].ours, &table[j].peers}[i]
				*all = append(*all, v)
			}
		}
	}
	return table, nil
}

func (b *bench) saveOnce(ctx context.Context, name string) (got [5]float64, err error) {
	s, err := b.start(ctx, name, 0, "")
	if err != nil {
		return got, err
	}
	defer s.stop()
	if err := s.fill(b.saved); err != nil {
		return got, err
	}
	begin := time.Now()
	if reply, err := s.ask("SAVE"); err != nil || reply != "+OK" {
		return got, fmt.Errorf("SAVE: %q, %w", reply, err)
	}
	got[0] = time.Since(begin).Seconds() * 1000
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		return got, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	r, sent := bufio.NewReader(c), 0
	command, want, longest := "BGSAVE\r\n", "+Background saving started\r\n", time.Duration(0)
	begin = time.Now()
	for next := begin.Add(20 * time.Millisecond); ; sent++ {
		asked := time.Now()
		if _, err := c.Write([]byte(command)); err != nil {
			return got, err
		}
		if reply, err := r.ReadString('\n'); err != nil || reply != want {
			return got, fmt.Errorf("%q: %q, %w", command, reply, err)
		}
		now := time.Now()
		longest = max(longest, now.Sub(asked))
		command, want = fmt.Sprintf("SET key:%012d %064d\r\n", rand.IntN(b.saved), sent), "+OK\r\n"
		if now.Before(next) {
			continue
		}
		running, err := s.persistence("rdb_bgsave_in_progress")
		if err != nil {
			return got, err
		}
		if next = time.Now().Add(20 * time.Millisecond); running == 0 {
			break
		}
	}
	took := time.Since(begin)
	copied, err := s.persistence("rdb_last_cow_size")
	got[1], got[2], got[3], got[4] = took.Seconds()*1000, longest.Seconds()*1000, float64(copied)/1e6, float64(sent)/took.Seconds()
	return got, err
}

// persistence is a number of INFO.
func (s *server) persistence(field string) (int, error) {
	out, err := exec.Command("redis-cli", "-h", "127.0.0.1", "-p", s.port(), "INFO", "persistence").Output()
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(out)) {
		if v, ok := strings.CutPrefix(l, field+":"); ok {
			return strconv.Atoi(strings.TrimSpace(v))
		}
	}
	return 0, fmt.Errorf("%s: INFO has no %s", s.name, field)
}
