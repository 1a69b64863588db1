package sched

// Plan is for the tests that draw commands.
var Plan = plan
