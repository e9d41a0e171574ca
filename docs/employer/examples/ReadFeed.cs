// Read all of the feed, page by page, and print each event: LOUZU=<address>/api/v1 KEY=lz_… dotnet run ReadFeed.cs
// .NET 10 or later runs the file as it is; before that, put it into a console project.
using System.Net.Http.Headers;
using System.Text.Json;

var client = new HttpClient();
client.DefaultRequestHeaders.Authorization =
    new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("KEY"));
var cursor = "";
var more = true;
while (more)
{
    var query = $"after={Uri.EscapeDataString(cursor)}&limit=100";
    var answer = await client.GetAsync($"{Environment.GetEnvironmentVariable("LOUZU")}/feed?{query}");
    answer.EnsureSuccessStatusCode();
    using var page = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
    foreach (var each in page.RootElement.GetProperty("events").EnumerateArray())
    {
        Console.WriteLine($"{each.GetProperty("seq")} {each.GetProperty("type")} {each.GetProperty("card").GetProperty("number")}");
    }
    cursor = page.RootElement.GetProperty("next").GetString()!; // store it together with the events, in one transaction
    more = page.RootElement.GetProperty("more").GetBoolean();
}
