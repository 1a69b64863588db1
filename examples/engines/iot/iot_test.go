package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/iot/telemetry"
	"example.com/flatline/internal/loopback"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"iot": func(args []string) error {
			c := telemetry.Config{Addr: "127.0.0.1:0", Dir: args[2], Out: os.Stdout}
			return run(context.Background(), c, args[0], args[1], args[2]+"-stream")
		},
		"one core": func(args []string) error {
			runtime.GOMAXPROCS(1)
			c := telemetry.Config{Addr: "127.0.0.1:0", Dir: args[1], Out: os.Stdout}
			return run(context.Background(), c, "mochi", args[0], "")
		},
		"nats, one core": func(args []string) error {
			runtime.GOMAXPROCS(1)
			if err := prepare(args[1]); err != nil { // the session, for which messages are kept
				return err
			}
			at, _, err := startNATS(args[0], args[1])
			if err != nil {
				return err
			}
			fmt.Println("iot: MQTT by nats on", at)
			select {}
		},
	})
}

// client is one of paho that knows when its connection has ended.
type client struct {
	paho.Client
	lost chan struct{}
}

// connect connects a client with a persistent session, which does not connect again.
func connect(t testing.TB, addr, id string) client {
	t.Helper()
	c := client{lost: make(chan struct{})}
	c.Client = paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID(id).SetCleanSession(false).
		SetConnectTimeout(crash.Patience).SetAutoReconnect(false).SetOrderMatters(false).
		SetConnectionLostHandler(func(paho.Client, error) { close(c.lost) }))
	token := c.Connect()
	require.True(t, token.WaitTimeout(crash.Patience))
	require.NoError(t, token.Error())
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

// publish sends a message with QoS 1, and reports whether a PUBACK came.
func publish(c client, topic, body string) bool {
	token := c.Publish(topic, 1, false, body)
	select {
	case <-token.Done():
		return token.Error() == nil
	case <-c.lost:
		return false
	case <-time.After(crash.Patience):
		return false
	}
}

// begin is when the messages of a test begin.
func begin() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Minute) }

// points is the series of a device and metric.
func points(s telemetry.Store, device, metric string) map[int64]float64 {
	all := map[int64]float64{}
	rows, err := s.Read(telemetry.Query{Device: device, Metric: metric, From: begin().Add(-time.Hour), To: time.Now().Add(time.Hour)})
	if err != nil {
		return all
	}
	for _, r := range rows {
		all[r.T.UnixNano()] = *r.Value
	}
	return all
}

// brokers runs a test on each broker, with a store in memory.
func brokers(t *testing.T, test func(t *testing.T, addr string, g *telemetry.Gate)) {
	for name, serve := range map[string]func(string, *telemetry.Gate) (string, func(), error){
		"mochi": serveMochi,
		"nats":  func(addr string, g *telemetry.Gate) (string, func(), error) { return serveNATS(addr, "", g) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := telemetry.NewGate(telemetry.GateOptions{Store: telemetry.NewMemory()})
			t.Cleanup(func() { g.Close() })
			addr, stop, err := serve("127.0.0.1:0", g)
			require.NoError(t, err)
			t.Cleanup(stop)
			test(t, addr, g)
		})
	}
}

// reach waits until a count of the store has a value.
func reach(t *testing.T, want int64, count func() int64) {
	t.Helper()
	require.Eventually(t, func() bool { return count() == want }, crash.Patience, time.Millisecond, "%d in place of %d", count(), want)
}

// TestBrokers: paho's messages are stored once each, whatever is sent again, and what is no
// message is counted.
func TestBrokers(t *testing.T) {
	brokers(t, func(t *testing.T, addr string, g *telemetry.Gate) {
		c := connect(t, addr, "paho")
		b := begin().UnixNano()
		for i := range 20 {
			body := fmt.Sprintf(`{"v": %d.5, "seq": %d, "t": %d}`, i, i+1, b+int64(i))
			require.True(t, publish(c, "d/paho/temp", body))
			require.True(t, publish(c, "d/paho/temp", body))
		}
		require.True(t, publish(c, "d/paho", fmt.Sprintf(`{"t": %d, "fields": {"a": 1, "b": 2}}`, b+100)))
		require.True(t, publish(c, "d/paho/temp", "12.25"), "a number, at the time of the server")
		bad := []string{"", "warm", "NaN", `{"v": 1, "unknown": 2}`, `{"v": 1} {}`, "\xff", strings.Repeat("[", 10_000), `{"fields": {"a": 1}}`}
		for _, body := range bad {
			require.True(t, publish(c, "d/paho/temp", body), "refused, and acknowledged: the client would repeat it")
		}
		reach(t, int64(42+len(bad)), func() int64 { return g.Status().Counts.Received })
		counts := g.Status().Counts
		assert.Equal(t, []int64{22, 20}, []int64{counts.Stored, counts.Duplicates})
		assert.Equal(t, map[telemetry.Reason]int64{telemetry.BadLine: int64(len(bad)) - 1, telemetry.BadValue: 1}, counts.Refused, "I5")
		assert.Equal(t, 7.5, points(g, "paho", "temp")[b+7])
		assert.Equal(t, map[int64]float64{b + 100: 2}, points(g, "paho", "b"))
	})
}

// TestMosquittoPub: the client that everybody has, in MQTT 3.1.1 and 5.
func TestMosquittoPub(t *testing.T) {
	bin, err := exec.LookPath("mosquitto_pub")
	if err != nil {
		t.Skip("mosquitto_pub is not installed (Debian: apt-get install mosquitto-clients)")
	}
	brokers(t, func(t *testing.T, addr string, g *telemetry.Gate) {
		host, port, _ := strings.Cut(addr, ":")
		pub := func(args ...string) (string, error) {
			out, err := exec.CommandContext(t.Context(), bin, append([]string{"-h", host, "-p", port, "-q", "1"}, args...)...).CombinedOutput()
			return string(out), err
		}
		b := begin().UnixNano()
		out, err := pub("-t", "d/pub/temp", "-m", fmt.Sprintf(`{"v": 21.5, "t": %d}`, b))
		require.NoError(t, err, out)
		reach(t, 1, func() int64 { return g.Status().Counts.Stored })
		assert.Equal(t, map[int64]float64{b: 21.5}, points(g, "pub", "temp"))
		if strings.Contains(t.Name(), "mochi") { // NATS speaks 3.1.1 only
			out, err = pub("-V", "5", "-t", "d/pub/temp", "-m", fmt.Sprintf(`{"v": 22.5, "t": %d}`, b+1))
			require.NoError(t, err, out)
			assert.Len(t, points(g, "pub", "temp"), 2)
			out, _ = pub("-V", "5", "-t", "d/pub/temp", "-m", "warm")
			assert.Contains(t, out, "Payload format invalid", "MQTT 5 has a code for a refusal")
		}
		out, err = pub("-t", "d/pub/temp", "-m", strings.Repeat("x", maxPacket+1))
		assert.True(t, err != nil || strings.Contains(out, "rror"), "a packet that is too large ends the connection: %q", out)
	})
}

// TestNoPUBACK: a message that the log could not write is not acknowledged, and its sender
// is disconnected, so that it sends it again.
func TestNoPUBACK(t *testing.T) {
	d, err := telemetry.OpenDisk(t.TempDir(), 100, wal.Options{})
	require.NoError(t, err)
	g := telemetry.NewGate(telemetry.GateOptions{Store: d})
	defer g.Close()
	addr, stop, err := serveMochi("127.0.0.1:0", g)
	require.NoError(t, err)
	defer stop()
	c := connect(t, addr, "paho")
	require.True(t, publish(c, "d/x/m", "1"))
	require.NoError(t, d.Close()) // from now on the log refuses
	assert.False(t, publish(c, "d/x/m", "2"))
	select {
	case <-c.lost:
	case <-time.After(crash.Patience):
		t.Fatal("it is still connected")
	}
	assert.Equal(t, int64(1), g.Status().Counts.Stored)
}

// TestNaiveAck: a broker whose hook only notes what was published, and stores later, sends
// the PUBACK before: a crash between the two loses the message.
func TestNaiveAck(t *testing.T) {
	notes := make(chan string, 10) // in memory
	c := ackFirst(t, func(body string) { notes <- body })
	require.True(t, publish(c, "d/x/m", "1"))
	acknowledged, stored := 1, 0
	select {
	case <-notes: // and here the process ends, before the store has it
	case <-time.After(crash.Patience):
		t.Fatal("nothing was published")
	}
	assert.Greater(t, acknowledged, stored)
}

// TestKill: the process is killed with kill -9 under QoS 1, again and again; the senders
// connect again, and repeat what had no PUBACK. Each message that had one is there once.
func TestKill(t *testing.T) {
	for _, broker := range []string{"mochi", "nats"} {
		t.Run(broker, func(t *testing.T) {
			t.Parallel()
			kill(t, broker)
		})
	}
}

func kill(t *testing.T, broker string) {
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir := t.TempDir() + "/log"
	const rounds, senders = 3, 4
	var acknowledged crash.Ledger[float64]
	var next [senders]int
	b := begin().UnixNano()
	for range rounds {
		p := crash.Start(t, "iot", broker, addr, dir)
		p.Match("^iot: MQTT by " + broker)
		var wg sync.WaitGroup
		enough := make(chan struct{}, 1000)
		for d := range senders {
			c := connect(t, addr, fmt.Sprint("d", d))
			wg.Go(func() {
				for {
					i := next[d]
					at := b + int64(i)
					if !publish(c, fmt.Sprintf("d/d%d/m", d), fmt.Sprintf(`{"v": %d, "seq": %d, "t": %d}`, i, i+1, at)) {
						return
					}
					acknowledged.Acknowledged(fmt.Sprintf("d%d %d", d, at), float64(i))
					next[d]++
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 50 {
			<-enough
		}
		p.Kill()
		wg.Wait()
	}
	// NATS's stream may have what the store has not: it is stored when both run again.
	p := crash.Start(t, "iot", broker, addr, dir)
	base := p.Match(`^iot: listening on (\S+), points`)[1]
	p.Match("^iot: MQTT by " + broker)
	require.Eventually(t, func() bool { return stored(base) >= int64(acknowledged.Len()) }, crash.Patience, 10*time.Millisecond)
	p.Kill()
	s, err := telemetry.OpenDisk(dir, 1<<20, wal.Options{NoSync: true})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Check())
	there := map[string]float64{}
	for d := range next {
		all := points(s, fmt.Sprint("d", d), "m")
		assert.LessOrEqual(t, len(all), next[d]+1, "I1: more points than messages")
		for at, v := range all {
			there[fmt.Sprintf("d%d %d", d, at)] = v
		}
	}
	require.Empty(t, acknowledged.Check(func(key string, v float64) error {
		if got, ok := there[key]; !ok || got != v {
			return fmt.Errorf("I1: it is %v, %v in place of %v", got, ok, v)
		}
		return nil
	}))
	c := s.Status().Counts
	assert.Equal(t, c.Received, c.Stored+c.Duplicates, "I5")
	t.Logf("%d messages had a PUBACK, %d points, %d duplicates", acknowledged.Len(), c.Stored, c.Duplicates)
}
