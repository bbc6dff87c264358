// SPDX-License-Identifier: Apache-2.0
package fn

import "example.com/words"

func Greet(name string) string { return words.Hello + " " + name }
