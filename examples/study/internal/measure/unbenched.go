package measure

// unbenched gives the reason for each stated cost that no benchmark measures, by
// package and row.
var unbenched = map[string]string{
	"ratelimit the Take of All": "its work is that of TakeEach, but for the list of decisions",
}
