package server

import (
	"errors"
	"strings"
	"time"
)

// A savePoint says after how many changes and how much time since the last save dump.rdb
// is written.
type savePoint struct {
	after   time.Duration
	changes uint64
}

// savePoints checks a value of save: pairs of seconds and changes, "" being none.
func savePoints(v string) (string, error) {
	_, err := parseSavePoints(v)
	return strings.Join(strings.Fields(v), " "), err
}

// maxSavePoints bounds what a client may set.
const maxSavePoints = 64

func parseSavePoints(v string) (points []savePoint, err error) {
	words := strings.Fields(v)
	if len(words)%2 != 0 || len(words) > 2*maxSavePoints {
		return nil, errors.New("Invalid save parameters") //lint:ignore ST1005 the words of Redis
	}
	for i := 0; i < len(words); i += 2 {
		seconds, ok1 := parseInt([]byte(words[i]))
		changes, ok2 := parseInt([]byte(words[i+1]))
		if !ok1 || !ok2 || seconds < 1 || seconds > 1<<31 || changes < 0 {
			return nil, errors.New("Invalid save parameters") //lint:ignore ST1005 the words of Redis
		}
		points = append(points, savePoint{time.Duration(seconds) * time.Second, uint64(changes)})
	}
	return points, nil
}

func (s *Server) setSave(v string) {
	points, _ := parseSavePoints(v)
	s.saves.points.Store(&points)
}

// savesItself reports whether there are save points.
func (s *Server) savesItself() bool { return len(*s.saves.points.Load()) > 0 }

// saveRetry is how long a save that failed is not tried again.
const saveRetry = 5 * time.Second

// saveDue starts a save if a save point asks for it.
func (s *Server) saveDue(own *session, now time.Time) {
	v, points := &s.saves, *s.saves.points.Load()
	if v.running.Load() {
		return
	}
	if v.due.Load() {
		own.startSave()
		return
	}
	if len(points) == 0 {
		return
	}
	v.mu.Lock()
	saved, failed, tried := v.changes, v.failed, v.tried
	v.mu.Unlock()
	if failed && now.Sub(tried) < saveRetry {
		return
	}
	var changes uint64
	for _, sh := range s.shards {
		if seen := sh.seen.Load(); seen != nil {
			changes += seen.changes
		}
	}
	for _, p := range points {
		if changes-min(saved, changes) >= max(p.changes, 1) && now.Sub(s.lastSave()) >= p.after {
			own.startSave()
			return
		}
	}
}

// startSave is that of the server, for a session that has no shard locked.
func (s *session) startSave() {
	s.need(s.srv.all)
	s.srv.startSave()
	s.release()
}
