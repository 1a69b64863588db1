package measure

import (
	"context"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// A batch is what one go command compiles: packages of one module, through one overlay.
// Most of the time of a command for a single package goes into finding out what there
// is to do, and that is the same for all.
type batch struct {
	root, overlay, out string
	env                []string
	targets            []*target
	into               func(*target) *binary
}

// build compiles the benchmarks of all targets.
func (r *runner) build(ctx context.Context) error {
	batches, err := r.batches()
	if err != nil {
		return err
	}
	r.step("compiling")
	var g errgroup.Group
	g.SetLimit(r.workers)
	for _, b := range batches {
		g.Go(func() error {
			buildAll(ctx, b)
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	// A package that did not build is built alone, to get its error.
	return r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
		r.step("compiling " + t.pkg)
		for _, b := range batches {
			if b.into(t).path == "" && contains(b, t) {
				if err := r.buildAlone(ctx, b, t); err != nil {
					return err
				}
			}
		}
		t.counting.own = t.own
		return nil
	})
}

func contains(b batch, t *target) bool {
	for _, u := range b.targets {
		if u == t {
			return true
		}
	}
	return false
}

func counting(t *target) *binary { return &t.counting }
func plain(t *target) *binary    { return &t.plain }

// batches writes the overlays.
func (r *runner) batches() (all []batch, err error) {
	plainOverlay, countingOverlay, err := r.overlays()
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(), "GOWORK=off")
	ours := batch{root: r.Root, overlay: countingOverlay, env: env, into: counting}
	byRoot := map[string]*batch{}
	var roots []string
	for _, t := range r.targets {
		if !t.own {
			ours.targets = append(ours.targets, t)
			continue
		}
		if byRoot[t.root] == nil {
			byRoot[t.root] = &batch{root: t.root, env: os.Environ(), into: counting}
			roots = append(roots, t.root)
		}
		byRoot[t.root].targets = append(byRoot[t.root].targets, t)
	}
	all = append(all, ours)
	if !r.workOnly() {
		ours.overlay, ours.into = plainOverlay, plain
		all = append(all, ours)
	}
	for _, root := range roots {
		b := byRoot[root]
		var folders []string
		for _, t := range b.targets {
			folders = append(folders, t.dir)
		}
		// If one of them cannot be woven, each is alone.
		b.overlay, _ = overlayOwn(r.tmp, root, folders...)
		all = append(all, *b)
	}
	for i := range all {
		if all[i].out, err = os.MkdirTemp(r.tmp, "tests"); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// buildAlone compiles one target of a batch, and says why that fails.
func (r *runner) buildAlone(ctx context.Context, b batch, t *target) (err error) {
	if t.own {
		if b.overlay, err = overlayOwn(r.tmp, t.root, t.dir); err != nil {
			return err
		}
	}
	*b.into(t), err = build(ctx, t.root, t.dir, b.overlay, filepath.Join(b.out, t.file+".test"), b.env)
	return err
}
