package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A Sender takes batches: a Pipe, or a Client.
type Sender interface {
	Accept(ctx context.Context, b Batch) (Receipt, error)
}

// A Client sends batches to a server. It is safe for concurrent use.
type Client struct {
	Base string // URL of the server
	HTTP *http.Client
}

var patient = &http.Client{Timeout: 30 * time.Second}

// Accept sends a batch. The errors are those of the connection, or what the server says.
func (c *Client) Accept(ctx context.Context, b Batch) (r Receipt, err error) {
	q := url.Values{"agent": {b.Agent}, "file": {b.File}, "service": {b.Service}, "first": {strconv.FormatInt(b.First, 10)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+"/lines?"+q.Encode(), bytes.NewReader(b.Body))
	if err != nil {
		return r, err
	}
	client := c.HTTP
	if client == nil {
		client = patient
	}
	answer, err := client.Do(request)
	if err != nil {
		return r, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil {
		return r, err
	}
	if answer.StatusCode != http.StatusOK {
		return r, fmt.Errorf("logs: the server says %s: %.200s", answer.Status, text)
	}
	return r, json.Unmarshal(text, &r)
}
