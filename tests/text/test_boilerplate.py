import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.text.boilerplate import boilerplate_spans, without_boilerplate

FIRST = "The bay ferry was late again on Tuesday, and commuters complained to the town hall about it."
SECOND = "The mayor promised a second boat for the summer. Nobody believed her."

LINES = [
    "By Ann Lee", "By Ann Lee and Bo de Hill", "BY ANN LEE", "By Ann Lee, Transport Correspondent",
    "Published: 06:12 GMT, 3 March 2026 | Updated: 07:30 GMT, 3 March 2026", "Updated 2 hours ago", "PUBLISHED:",
    "March 3, 2026 10:15 AM EST", "Share", "Share on Facebook | Tweet | WhatsApp", "Facebook Twitter Email",
    "12 Comments", "ADVERTISEMENT", "Advertisement - scroll to continue", "Sponsored content", "Related articles",
    "READ MORE", "You may also like", "Most read", "Story highlights", "Skip to main content",
    "Tags: ferry, bay, town hall", "3 min read", "Play video", "Spread the love",
    "Share this:", "Share this: Facebook X", "Subscribe now", "Like Loading...", "Like Loading", "Loading...",
    "Click to share on Mastodon (Opens in new window) Mastodon", "Load-Date: March 2, 2026", "End of Document",
    "Placeholder while article actions load", "26 with 21 posters participating",
    "Enlarge / The harbour at night.",
    "We use cookies to improve your experience. Accept all cookies", "Length: 512 words",
    "submitted by   /u/ann_lee   to   r/ferries", "[link]   [comments]",
    "submitted by /u/ann_lee [link] [comments]",
]  # fmt: skip
SENTENCES = [
    "Click here to read our other stories.", "For timetables, click here.", "You can read the full report here.",
    "Story continues below.", "Article continues after advertisement", "Scroll down for video.",
    "Sign up for our daily newsletter.", "Subscribe to our YouTube channel.",
    "Get the latest news straight to your inbox.", "Get the latest ferry news in your inbox every morning.",
    "Want more stories like this delivered straight to your inbox?",
    "By entering your email and clicking Subscribe, you agree to our terms.", "Thank you for subscribing!",
    "You can unsubscribe at any time.", "Follow us on Twitter.", "Follow Ann Lee on Twitter @annlee.",
    "For more from the bay, follow us on Facebook, X and Instagram.",
    "The Associated Press contributed to this report.", "© 2026 Bay News.",
    "Copyright 2026 Bay News. All rights reserved.", "The views expressed in this article are the author's own.",
    "The opinions expressed in this commentary are solely those of Ann Lee.",
    "This material may not be published, broadcast, rewritten or redistributed.",
    "Download the Bay News app for free.", "The BBC is not responsible for the content of external sites.",
    "Media playback is unsupported on your device.", "Watch ferries leave the harbour »", "Join us on Telegram.",
    "We want to hear what you think about this article.",
    "Submit a letter to the editor or write to letters@bay.example.",
    "Image credit: Bay News.", "E-mail to a friend.", "Please enter your email to subscribe.", "Thanks for reading!",
    "Subscribe for free to receive new posts and support my work.",
    "To receive new posts and support my work, consider becoming a free or paid subscriber.",
    "This post is public so feel free to share it.",
    "Why the harbour is full was originally published in Bay Notes on Medium, where people are continuing the"
    " conversation by highlighting and responding to this story.",
]  # fmt: skip
NAMES_AND_TITLES = [  # which only capitals tell from other words
    "Read more: Why the harbour is full.", "ALSO READ: Why the harbour is full", "(RELATED: Why the harbour is full)",
    "Related: Why the harbour is full.", "(Also on BAYNEWS: Why the harbour is full)", "Photo: Ann Lee/Bay News.",
    "Photographs by Ann Lee.",
    "REUTERS/Ann Lee.", "Ann Lee / Getty Images.", "(Bo Hill for Bloomberg)", "Image source, Getty Images.",
    "Additional reporting by Ann Lee in Harrowmere.", "(Reporting by Ann Lee and Bo de Hill; Editing by Cy Moe)",
    "With inputs from agencies.", "Bay News writers Ann Lee in Harrowmere and Bo Hill contributed to this report.",
    "JUST WATCHED Ferries leave the harbour", "The post Why the harbour is full appeared first on Bay News.",
    "The post Why the harbour is full first appeared on Bay News.", "Thanks for reading Bay Notes!",
]  # fmt: skip
TEXT = [
    "By Thursday, the whole quay was gone.", "By the way, it is a good boat.",
    "Follow the river north for two miles.", "She will follow him on stage at the festival.",
    "Share prices fell on Tuesday.", 'He said: "Sign up for our newsletter."', "Reuters was founded in 1851.",
    "The photo was taken in March.", "Reporting by whistleblowers rose last year.",
    "SPRINGFIELD (AP) — The ferry was late.", "Read the river, the captain tells her crew.", "The tweet was deleted.",
    "The company said its newsletter had two million readers.",
    "He contributed to the report of the committee in 2019.", "Video of the crash was shared widely.",
    "Click fraud costs advertisers billions.", "Most read the paper on the ferry.", "Updated rules apply from May.",
    "More from the budget will go to schools.", "All rights were reserved for the heirs.", "She joined us on Monday.",
    "Advertisement spending fell in 2026.", "Related costs were 3 million.", "Published figures differ.",
    # credits
    "Reporting by Amnesty International shows that 400 people were held without charge in Vardania last year.",
    "Additional reporting by a whistleblower helped prosecutors to build the case.",
    "Compiled by Oxford Economics, the report puts the cost of the bridges at $4 billion.",
    "Edited by Anna Lindqvist, the volume runs to 900 pages.", "Editing by Thelma Schoonmaker is superb throughout.",
    "Writing by hand helps pupils to remember words.", "Writing by Asante won three prizes last year.",
    "REPORTING BY AMNESTY INTERNATIONAL SHOWS THAT HUNDREDS OF PEOPLE ARE HELD WITHOUT CHARGE IN VARDANIA.",
    "With input from farmers, the plan was changed.", "With inputs from Delhi the plan was changed in May.",
    "With files from the archive, Lee proved that the bridge was never paid for.",
    "More than 200 scientists contributed to this report.", "Poor planning contributed to this story of decline.",
    "She and three colleagues contributed to the report.", "Ann Lee contributed to this report of the commission.",
    "Photographs by Dorothea Lange hang in the first room.", "Illustrations by Ann Lee fill the book.",
    "Picture by picture the film shows how the town was lost.", "Photo via drone showed the hole in the roof.",
    "Images via satellite showed smoke above the port.", "Photos: none of the 12 pictures has been found.",
    "Image copyright is a matter for the courts.", "Photo source lists are kept in the town hall.",
    "Image caption contests draw thousands of readers.", "Media source protection is at stake, editors warned.",
    "The minister told Reuters.", "She later told the AP.", "He spoke to the BBC and AFP.",
    "It belongs to Getty Images.",
    "The bay is in Scranton, Pa.", "Reuters, the agency said.", "Lee sold the picture to the Associated Press.",
    "(She also writes for the Bay Times)", "(He was once a reporter for Reuters)", "(The picture went out via AFP)",
    # adverts, videos, links
    "Continue after the bridge and turn left at the church.", "Continued below the surface, the cracks run for miles.",
    "The report continues after a break of two years.", "Story continued below the fold, to his dismay.",
    "Scroll down to the last page and the warning appears, the watchdog said.",
    "Just watched the match with my son in the rain.", "Must watch his weight, the doctor says.",
    "Media playback is not supported on this device, the manual of the new phone says.",
    "Read more—that was her advice to parents.", "Read more: that is her only advice to parents.",
    "See also the rise in rents: up 12 per cent since May.", "See more: the new telescope opens on Friday.",
    "Related: the mayor also denied taking money.", "Related: Smith, 43, was also fined.",
    "Also on Friday: The council votes on the bridge.",
    "Don't miss: that is what the coach tells them.", "(More on that: the council votes in May.)",
    "You can see the whole valley from here.", "You can see the full extent of the damage here.",
    "Watch the full moon rise over the lake here.", "Read the original plan of the bridge and you see it here.",
    "Click here and you lose your savings, the fake message says.",
    "For refunds, click here or visit a branch, the company told customers.",
    # newsletters
    "Residents can sign up for flood alerts on the council's website.", "Sign up for a course by e-mail before May.",
    "Sign up for the newsletter and you get a scarf.", "Download the Bay News app and you see the effect.",
    "Parents may sign up for text updates at the school gate.", "Drivers sign up today and get updates on pay.",
    "Subscribe to the channel of hate, he told followers, and you become part of it.",
    "Subscribe now or lose the newsletter, the club told its fans.",
    "By clicking, the scammers made you agree to pay.", "By signing up you agree to serve for six years.",
    "You agree to the rent or you leave, the landlord told them.", "You agree to receive less for more work.",
    "Please enter your email, the fake page said.", "Enter your email and the thieves are in.",
    "You may opt out at any time, the bank told customers.", "You can opt out at any time until you die.",
    "Cookies are delivered straight to your inbox by the phishing gang.", "It landed right to your inbox at dawn.",
    "Get the latest news to the front was his job for three years.",
    "Get the latest updates on the flood from the town hall.", "Get breaking news alerts right, he told editors.",
    "Download the NHS app to book a jab, officials said.", "Download the Storm Alert app before you travel.",
    "Meals are delivered daily to 400 older residents in the valley.",
    "Fresh bread was delivered every morning to the shelter until the road was cut.",
    "Catch all the rats, the mayor said, and the news will be good.", "Try again later.",
    "Please re-enter the building by the north door.", "View all of the newsletters as a history of the club.",
    # followers and readers
    "The company is on Facebook.", "The whole town is on Twitter.", "Fans follow Lionel Messi on Instagram.",
    "Like Taylor Swift on Instagram, the singer posts every day to her fans.", "Follow the money on Facebook.",
    "Follow him on Twitter at your own risk, a critic wrote.", "Join us on YouTube, the sect told the children.",
    "Do you have a tip for saving water?", "Do you have a story that nobody believes?",
    "Share your story with your doctor, the charity advises men over 50.", "Send your pictures to the police.",
    "Share your views in public and you risk prison.", "Share your photos with care.",
    "Join the conversation, the mayor told residents, and 400 of them did.",
    "E-mail us at home, the boss told his staff, and nobody did.", "E-mail to a friend led police to the thief.",
    # rights
    "Copyright 2026 rules will change how artists are paid.", "Copyright law is being rewritten.",
    "He sold the book with all rights reserved.", "This article may not be published, the judge ruled.",
    "This material may not be published until the verdict, the court said.",
    "The story may not be copied or sold, her lawyers say.", "The story may not be published before the trial ends.",
    "The opinions expressed are those of 1,200 adults who were polled in May.",
    "The views expressed by the senator drew fierce criticism from her own party.",
    "The views expressed here in the valley are harsher.", "Views expressed in parliament were split.",
    "The opinions expressed in this poll are those of adults.",
    "This story was first published in 1897 and has never been out of print.",
    "This story first appeared in a Prague newspaper during the occupation.",
    "The post of mayor appeared first on a list of 1820.", "The court found the site not responsible for the content"
    " of external sites.",
    "The post Lee took first appeared on the list of 1820.", "It was originally published in Veldram on paper.",
    "Thanks for reading the small print, the judge said!", "Bay Notes is a reader-supported publication.",
    "Readers subscribe for free to receive new posts.",
    # lines
    "Facebook", "X", "Body", "Like this:", "Length: 512 words is the limit.", "The end of document storage is near.",
    "Submitted by the town, the plan was lost.", "Loading the boats took a day.", "Click to share",
    "By March Ann Lee had lost all her staff.", "Tags: none of the sheep had any.", "Reading time is short in prison.",
    "Sponsored - the race would cost nothing.", "Posted in: a letter of complaint.", "Share the road.",
    "Updated on Friday, the list has 12 names.",
]  # fmt: skip


@pytest.mark.parametrize("line", [*LINES, *SENTENCES, *NAMES_AND_TITLES])
@pytest.mark.parametrize("change", [str, str.lower])
def test_a_line_of_boilerplate_is_left_out(line: str, change: type[str]) -> None:
    if change is str.lower and (line in NAMES_AND_TITLES or line.upper().startswith("BY ANN")):
        return
    assert without_boilerplate(f"{FIRST}\n\n{change(line)}\n\n{SECOND}") == f"{FIRST}\n\n{SECOND}"
    assert without_boilerplate(f"{change(line)}\n{FIRST}\n{SECOND}\n{change(line)}") == f"{FIRST}\n{SECOND}"


@pytest.mark.parametrize("sentence", [text for text in (*SENTENCES, *NAMES_AND_TITLES) if text[-1] in ".!»)"])
def test_a_sentence_of_boilerplate_is_left_out(sentence: str) -> None:
    assert without_boilerplate(f"{FIRST} {sentence} {SECOND}") == f"{FIRST} {SECOND}"


@pytest.mark.parametrize(
    "lines",
    [
        "Thanks for reading Bay Notes! Subscribe for free to receive new posts and support my work.",
        "Bay Notes is a reader-supported publication. To receive new posts and support my work, consider becoming a"
        " free or paid subscriber.",
        "The post Is the harbour full? And why? appeared first on Bay News.",
        f"{'Why? ' * 25}was originally published in Bay Notes on Medium, where people are continuing the conversation"
        " by highlighting and responding to this story.",
        "Share this:\nTwitter\nFacebook",
        "Share this:\n\nClick to share on X (Opens in new window)\n\nX\n\nMore\n\nLike Loading...",
        "Load-Date: March 2, 2026\n\nBody\n\nEnd of Document",
    ],
)
def test_lines_that_belong_together_are_left_out(lines: str) -> None:
    assert without_boilerplate(f"{FIRST}\n\n{lines}\n\n{SECOND}") == f"{FIRST}\n\n{SECOND}"
    assert without_boilerplate(f"{FIRST}\n{lines}\n\n{SECOND}") == f"{FIRST}\n\n{SECOND}"


@pytest.mark.parametrize("end", ["\n", "\n\n"])
@pytest.mark.parametrize("sign", ["", "."])
def test_a_credit_at_the_end_of_a_line_leaves_the_line_end(sign: str, end: str) -> None:
    assert without_boilerplate(f"The quay.  Photo: Jo Doe{sign}{end}{SECOND}") == f"The quay.{end}{SECOND}"


def test_names_of_sites_stay_where_they_are_no_buttons() -> None:
    text = f"Share this:\n{FIRST}\nFacebook\n{SECOND}"
    assert without_boilerplate(text) == text.removeprefix("Share this:\n")


@pytest.mark.parametrize("text", TEXT)
def test_a_sentence_of_the_article_stays(text: str) -> None:
    for content in (
        f"{FIRST} {text} {SECOND}",
        f"{FIRST}\n\n{text}\n\n{SECOND}",
        f"{text}\n{FIRST}",
        f"{FIRST} {text}",
    ):
        assert without_boilerplate(content) == content
        assert without_boilerplate(content.lower()) == content.lower()


@pytest.mark.parametrize("text", ["Read more", "By Ann Lee", "Follow us on Twitter.", "Share\n\nTweet", ""])
def test_a_text_of_boilerplate_alone_stays(text: str) -> None:
    assert without_boilerplate(text) == text


def test_the_head_of_a_page_in_one_line_is_left_out() -> None:
    head = "By . Ann Lee . PUBLISHED: . 06:12 EST, 24 July 2026 . | . UPDATED: . 07:30 EST, 24 July 2026 . "
    assert without_boilerplate(head + FIRST) == FIRST
    assert without_boilerplate(head.lower() + FIRST.lower()) == FIRST.lower()


PIECES = st.sampled_from([*LINES, *SENTENCES, *NAMES_AND_TITLES, *TEXT, FIRST, "İstanbul", " ", "»", ". "])


@given(st.lists(st.tuples(PIECES, st.sampled_from([" ", "\n", "\n\n", ""])), max_size=8))
def test_words_of_the_article_stay_in_order(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + end for piece, end in pieces)
    spans = boilerplate_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    words = iter(text.split())
    assert all(word in words for word in without_boilerplate(text).split())


@pytest.mark.parametrize(
    "part",
    ["getty ", "sign up for ", "Read more: ", "share ", "(", "By A ", "» ", "click here. ", "Photo by x\n", "a, "]
    + ["Reporting by A ", "Photo via A/", "Follow us on x, ", "This story may not be copied or ", "Copyright 2026 A "]
    + ["The post A ", "a was originally published in ", "share this:\n", "x\n", "on Medium, where\n", "Body\n"],
)
def test_boilerplate_takes_linear_time(part: str) -> None:
    assert len(without_boilerplate(part * 20_000)) <= 20_000 * len(part)  # a pattern that backtracks takes minutes


@pytest.mark.parametrize("piece", ["1", "12:", "am.", "May ", "on x ", "share on x ", "share on x, "])
@pytest.mark.parametrize("start", ["Updated ", "Share ", "By . Ann Lee . "])
def test_a_line_that_can_be_cut_in_many_ways_takes_no_longer(start: str, piece: str) -> None:
    """Were each way tried, this would not end: they double with every piece or two."""
    line = f"{start}{piece * ((75 - len(start)) // len(piece))}!x"
    assert without_boilerplate(f"{line}\n{SECOND}").endswith(f"x\n{SECOND}")


@pytest.mark.parametrize("credit", ["Image: Bay News", "Illustration: Ann Lee", "Images: Bo Hill"])
def test_a_credit_in_a_line_of_its_own_is_left_out(credit: str) -> None:
    assert without_boilerplate(f"{FIRST}\n\n{credit}\n\n{SECOND}") == f"{FIRST}\n\n{SECOND}"
