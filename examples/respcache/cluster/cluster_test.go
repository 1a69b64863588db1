package cluster_test

import "flag"

var long = flag.Bool("long", false, "simulate 1,000 seeds for each shape, not 60")
