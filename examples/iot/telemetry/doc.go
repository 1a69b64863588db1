// Package telemetry takes the messages of devices, and keeps their series: an
// acknowledged message is durable, and stored once, whatever was sent again. Windows in
// event time close at a watermark per device; rules on them give alerts, once per episode.
//
// # Terms
//
// A message has fields, numbers of a device at a time on its own clock. A series is one
// metric of one device. The watermark of a device is its newest time less the lateness
// that is allowed: the windows before it are closed, and a message before it is late.
// Points are hot in a timemap, cold in compressed chunks, and down-sampled when they are
// old.
//
// # Invariants
//
//	I1  Each acknowledged message is in the store once, whatever was sent again (TestKill,
//	    TestSim).
//	I2  The windows and the alerts are a function of the set of the points that were not
//	    late; late ones are stored, and counted as late (TestOrder, TestSim).
//	I3  An alert fires once per episode, for each kind of rule (TestAlertsBruteForce,
//	    TestHysteresis, TestAbsence).
//	I4  Compression is exact: a point reads as it was written, hot, cold, or after a
//	    snapshot (TestTiers, TestDiskReopens); package gorilla has the rest.
//	I5  received = stored + duplicates + refused, by reason (TestMachine, TestKill).
//	I6  One device cannot starve others: neither by its rate, nor by its number of series,
//	    nor by its clock (TestFair, TestCardinality, TestNaiveClock).
package telemetry
