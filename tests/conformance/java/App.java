// SPDX-License-Identifier: Apache-2.0
// App.java: handlers of each form that AWS's client for Java takes, and what can go wrong in one.
package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

public class App implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    private static final long START = System.nanoTime();

    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        Map<String, Object> answer = new TreeMap<>();
        answer.put("arn", context.getInvokedFunctionArn());
        answer.put("event", event);
        answer.put("id", context.getAwsRequestId());
        answer.put("left", context.getRemainingTimeInMillis());
        answer.put("memory", context.getMemoryLimitInMB());
        answer.put("start", START);
        context.getLogger().log("logged by the client\n");
        return answer;
    }

    public static class Stream implements RequestStreamHandler {
        public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
            int c;
            while ((c = event.read()) >= 0)
                answer.write(Character.toUpperCase(c));
        }
    }

    public static class Broken {
        static {
            if (START != 0)
                throw new IllegalStateException("at the start");
        }

        public String handle(String event) {
            return event;
        }
    }

    // Where a class is from, and which loader has it.
    public static List<String> where(Map<String, String> event) throws Exception {
        List<String> answer = new ArrayList<>();
        Class<?> c = Class.forName(event.get("class"));
        answer.add(c.getProtectionDomain().getCodeSource().getLocation().getPath());
        answer.add(c.getClassLoader().getClass().getSimpleName());
        return answer;
    }

    public static String fail(Map<String, Object> event) {
        throw new IllegalStateException("as asked", new RuntimeException("below"));
    }

    public static String sleep(Map<String, Object> event) throws InterruptedException {
        Thread.sleep(60000);
        return "";
    }

    public static String fill(Map<String, Object> event) {
        List<byte[]> all = new ArrayList<>();
        while (true)
            all.add(new byte[1 << 20]);
    }

    public static String exit(Map<String, Object> event) {
        System.exit(3);
        return "";
    }

    public static String large(Map<String, Integer> event) {
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < event.get("size") - 2; i++)
            s.append('x');
        return s.toString();
    }
}
