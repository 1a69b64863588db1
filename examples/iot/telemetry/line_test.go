package telemetry_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/iot/telemetry"
)

func parse(line string) (telemetry.Message, error) {
	return telemetry.ParseLine(line, time.Millisecond, epoch)
}

// TestParseLine: the forms that telegraf and the documentation of InfluxDB have.
func TestParseLine(t *testing.T) {
	t.Parallel()
	f := func(metric string, v float64) telemetry.Field { return telemetry.Field{Metric: metric, Value: v} }
	for line, want := range map[string]telemetry.Message{
		`temp,device=d1 value=21.5 5`:              {Device: "d1", At: 5e6, Fields: []telemetry.Field{f("temp", 21.5)}},
		`temp,device=d1 value=-1e3,seq=7i 5`:       {Device: "d1", Seq: 7, At: 5e6, Fields: []telemetry.Field{f("temp", -1000)}},
		`env,device=d1 t=1i,h=2u,on=true,off=F`:    {Device: "d1", At: epoch.UnixNano(), Stamped: true, Fields: []telemetry.Field{f("env.t", 1), f("env.h", 2), f("env.on", 1), f("env.off", 0)}},
		`cpu,host=web,cpu=cpu0,zone=a usage=3 5`:   {Device: "web", At: 5e6, Fields: []telemetry.Field{f("cpu.usage,cpu=cpu0,zone=a", 3)}},
		`cpu,zone=a,host=web,cpu=cpu0 usage=3 5`:   {Device: "web", At: 5e6, Fields: []telemetry.Field{f("cpu.usage,cpu=cpu0,zone=a", 3)}},
		`a\ b,device=my\,dev\=ice,host=h c\ d=1 5`: {Device: "my,dev=ice", At: 5e6, Fields: []telemetry.Field{f("a b.c d,host=h", 1)}},
		`t,device=d value=9007199254740992i -5`:    {Device: "d", At: -5e6, Fields: []telemetry.Field{f("t", 1<<53)}},
		`t,device=ü value=1 5`:                     {Device: "ü", At: 5e6, Fields: []telemetry.Field{f("t", 1)}},
	} {
		got, err := parse(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
	for _, line := range []string{
		"", "x", "temp", "temp value=1", "temp,device= value=1", "temp,device=d", "temp,device=d value=", "temp,device=d value=x", `temp,device=d value="text"`,
		`temp,device=d value="a b" 5`, "temp,device=d value=1 x", "temp,device=d value=1 5 6", "temp,device=d value=1 9223372036854775807", "temp,device=d seq=0i,value=1",
		"temp,device=d seq=-1i,value=1", "temp,device=d seq=1.5,value=1", ",device=d value=1", "temp,device=d value=0x10", "temp,device=d value=1_000",
		"temp,device=d value=9007199254740993i", "temp,device=d value=9223372036854775807i", "temp,device=d value=1ii", "temp,device value=1",
	} {
		m, err := parse(line)
		assert.Error(t, err, "%q: %+v", line, m)
	}
}

// FuzzParseLine: any text is a message or an error, and what is stored reads as valid text.
func FuzzParseLine(f *testing.F) {
	f.Add(`cpu,host=web,cpu=cpu0 usage=3,seq=5i 1700000000000`)
	f.Add(`a\ b,device=my\,dev\=ice c\ d=1 5`)
	f.Add(`t,device=d value="a b",x=t`)
	f.Fuzz(func(t *testing.T, line string) {
		m, err := parse(line)
		if err != nil {
			return
		}
		answers, err := telemetry.NewMemory().Write(t.Context(), []telemetry.Message{m})
		if err != nil {
			t.Fatal(err)
		}
		if answers[0].Result != telemetry.Refused && !utf8.ValidString(m.Device) {
			t.Fatalf("%q is stored", m.Device)
		}
	})
}
