// SPDX-License-Identifier: Apache-2.0

// A function on AWS's own Go client: what the event names is what it does.
package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type request struct {
	Do   string `json:"do"`
	Size int    `json:"size"`
}

func handle(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "error":
		return nil, errors.New("as asked")
	case "panic":
		panic("as asked")
	case "exit":
		os.Exit(3)
	case "large":
		return strings.Repeat("x", r.Size), nil
	case "sleep":
		time.Sleep(time.Minute)
	case "stream":
		return strings.NewReader(strings.Repeat("streamed ", 100000)), nil
	}
	c, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return map[string]any{"id": c.AwsRequestID, "arn": c.InvokedFunctionArn, "left": time.Until(deadline).Seconds(),
		"trace": os.Getenv("_X_AMZN_TRACE_ID"), "name": lambdacontext.FunctionName}, nil
}

func main() {
	if os.Getenv("SIGTERM") == "" {
		lambda.Start(handle)
		return
	}
	// AWS's client registers an internal extension for this, or Lambda would send no SIGTERM.
	lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() { os.Stderr.WriteString("heard SIGTERM\n") }))
}
