// SPDX-License-Identifier: Apache-2.0
package fn

import "testing"

func TestGreets(t *testing.T) {
	if Greet("you") != "hello you" {
		t.Fatal(Greet("you"))
	}
}

func TestFails(t *testing.T) {
	if Greet("you") != "bye" {
		t.Fatal("as it should")
	}
}
