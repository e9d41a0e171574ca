// Read all of the feed, page by page, and print each event: LOUZU=<address>/api/v1 KEY=lz_… java ReadFeed.java
// Java 11 or later. It has no JSON reader of its own: use yours instead of the patterns here.
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class ReadFeed {
    static final Pattern EVENT = Pattern.compile(
        "\\{\"seq\":(\\d+),\"type\":\"(\\w+)\",\"at\":\"[^\"]*\",\"version\":\\d+,\"card\":\\{\"number\":\"([^\"]+)\"");
    static final Pattern END = Pattern.compile("\"next\":\"([^\"]*)\",\"more\":(true|false)\\}$");

    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String cursor = "";
        boolean more = true;
        while (more) {
            String query = "after=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8) + "&limit=100";
            HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("LOUZU") + "/feed?" + query))
                .header("Authorization", "Bearer " + System.getenv("KEY")).build();
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            Matcher end = END.matcher(answer.body());
            if (answer.statusCode() != 200 || !end.find()) {
                throw new IllegalStateException(answer.statusCode() + " " + answer.body());
            }
            Matcher event = EVENT.matcher(answer.body());
            while (event.find()) {
                System.out.println(event.group(1) + " " + event.group(2) + " " + event.group(3));
            }
            cursor = end.group(1); // store the cursor together with the events, in one transaction
            more = Boolean.parseBoolean(end.group(2));
        }
    }
}
