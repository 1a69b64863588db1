// Jobsched compares the expressions of examples/jobsched with those of robfig/cron.
package main

func main() {}
