// SPDX-License-Identifier: Apache-2.0
package example;

import com.google.gson.Gson;
import java.util.Map;

/** Says what it was asked, by the layer's Gson. */
public class Trace {
    public String handle(Map<String, Object> event) {
        return new Gson().toJson(event);
    }
}
