// Package timeline is a home timeline: the newest posts of the people whom a reader follows.
//
// # Terms
//
// To push is to write the id of a post into the timeline of each follower; to pull is to
// merge the newest posts of each followed author when the reader asks. A timeline is a list
// of ids that were pushed. Its floor is the id from which on it is complete. An author's
// ceiling is the newest of its posts that was not pushed, or not yet. A reader's version
// counts what a timeline cannot follow: a new follow, and a block that was lifted.
//
// # Idea
//
//	ids:       old ◀──────────────────────────────────────▶ new
//	timeline:  . . . . . . . │floor  #   # #     #     #
//	                         │            each author whose ceiling is above
//	below the floor          │            the floor is pulled too, and merged
//	everything is pulled     │
//
// A timeline is only ever a short cut. What is in it was posted, and what may be missing
// from it is known: all posts below its floor, and above it those up to their author's
// ceiling. So an author with many followers is not pushed, a fan-out may be late or die,
// and a timeline may be dropped at any time: a page pulls what is missing, and is the same
// page, made more slowly. Whether a reader may see a post is decided when it is read.
//
// # Invariants
//
//	F1  A page is the same whether posts are pushed, pulled or both, after any history of
//	    posts, deletions, follows, blocks, evictions and thresholds (TestPages).
//	F2  Dropping any timeline changes no page (TestPages, TestDrop).
//	F3  Paging while posts arrive shows each post that existed at the start once
//	    (TestPaging).
//	F4  A block and a deletion are in force once they are acknowledged (TestFilterAtRead,
//	    TestSim).
//	F5  A page has n posts if n exist (TestFullPages).
//	F6  A ranking permutes a page, so the next page begins where it would without
//	    (TestRanking).
package timeline
