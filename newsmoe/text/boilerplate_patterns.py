"""Patterns of what pages put around an article, for whole lines and sentences, in any case of letters.

They are to be right rather than complete: a sentence of the article that is lost costs more than a line that stays.
"""

import re

from newsmoe.text.credits import AGENCY

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
# pieces are taken whole or not at all: with each more digit there would be twice as many ways to cut a long number
_WHEN = (
    r"(?:\d{1,4}+(?:st|nd|rd|th)?|[\s:/.,|()–—•·-]|[ap]\.?m\b\.?+|gmt|utc|[ecmp][ds]?t\b|bst\b|ist\b|"
    rf"{_MONTH}\b|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b|at\b|on\b|ago\b"
    r"|(?:hour|hr|minute|min|day)s?\b|(?:updated|published|posted|modified|last)\b)"
)
_SITE = (
    r"(?:facebook|twitter|x|instagram|linked ?in|whatsapp|telegram|pinterest|reddit|youtube|tiktok|flipboard|messenger"
    r"|threads|bluesky|snapchat)"
)
_CAPITALIZED = r"[A-ZÀ-ÖØ-Þ][\w.'’-]*+"
_CREDIT_WORD = (  # a name, or what stands between names in a credit; no verb of a sentence is among them
    rf"(?:{_CAPITALIZED}|@\w++|(?:in|at|of|for|the|from|by|with|via|and|also|de|del|da|di|du|van|von|der|bin|al|el|la|le"
    r"|additional|reporting|editing|writing|contributed|to|this|report|story|article|piece|post|photos?|images?|files?|inputs?"
    r"|caption|courtesy|credits?|copyright|source|agencies|staff|senior|writers?|reporters?|correspondents?|journalists?"
    r"|producers?|meteorologists?|editors?)\b)"
)
_NAMES = rf"(?-i:(?:{_CREDIT_WORD}[^\w“\"?!@]*+)++)"
_REPORTED = (
    r"\b(?:said|says?|told|tells?|asks?|asked|adds?|added|warn(?:ed|s)|urge[ds]|wrote|promise[ds]|was|were|had|did|shows"
    r"|showed|according|and (?:you|it|the))\b"
)
_CAPITAL = r"\W{0,6}(?-i:[A-ZÀ-ÖØ-Þ\d])"
_TITLE = rf"(?!.*{_REPORTED}.*\.$){_CAPITAL}"  # how a title begins, in a text with capitals
_CREDITS = (  # how a sentence goes in which all else is names
    r"\W*(?:(?:additional )?(?:reporting|editing|writing)|compiled|edited) by\b|\W*with (?:files|inputs?) from\b",
    r".* contributed (?:to|reporting for|reporting to) this (?:report|story|article|piece|post)\W*$",
    r"\W*(?:media|photo(?:graph)?|image|picture|illustration)s? (?:by|via|courtesy|credits?|copyright|caption|source)",
    rf".{{1,60}}?(?: ?/ ?| via )(?:the )?{AGENCY}\b|\W*{AGENCY}(?: (?:file )?photo\b|/)|[(\[]{AGENCY}[)\]]",
    rf"[(\[][^()]{{2,60}} for (?:the )?{AGENCY}[)\]]",
    r"[(\[][^()]{2,60}(?: ?/ ?| via | for )(?:the )?[\w ]{3,20} (?:news|times|post|tribune|press)[)\]]",
)

_LINES = (
    rf"(?:(?:first |originally |last )?(?:published|posted|updated|modified)\b(?: on| at)?|date):?{_WHEN}*",
    rf"(?=.*{_MONTH})(?=.*\b(?:19|20)\d\d\b)(?=.*\d:\d\d){_WHEN}+",
    rf"(?:(?>(?:share (?:this|on|via)(?: {_SITE})?|share|tweet|pin|e-?mail|print|copy link|{_SITE})\b)"
    r"[\s|/,·•+.:]*+){2,}",
    r"share|tweet|share this(?: story| article| post)?[!:]?|spread the love|like loading(?:\.{3})?|loading\.{3}",
    r"(?:view|leave a|\d+) comments?",
    r"(?:ad|advertisements?|(?:sponsored|promoted|paid) content|sponsored)\.?",
    r"advertisement ?[-–—] ?(?:scroll|continue|story|article)\b.{0,40}",
    r"related(?: (?:stor(?:y|ies)|articles?|topics?|content|links?|coverage))?|recommended(?: for you)?",
    r"read (?:more|next)|you (?:may|might) (?:also )?like|most (?:read|popular|viewed)|(?:top|more) stories|up next",
    r"trending(?: now)?|more on this (?:story|topic)|story highlights|(?:related )?tags|skip to (?:main )?content",
    r"placeholder while article actions load|\d+ with \d+ posters participating(?:, including story author)?",
    r"enlarge ?/ .{1,200}",
    r"we use cookies\b.{0,200}\b(?:accept|consent|experience|policy|agree)\b.{0,60}",
    r"(?:hide|toggle|show) caption|(?:enlarge|view) (?:image|gallery)|play video|file photo|(?:courtesy )?photo",
    r"(?:filed under|posted in|tags|tagged with|hashtags|related topics)\s?:[^.?!]{1,150}",
    r"usa today|cnn|bbc news|reuters|associated press|afp|getty images|analysis/opinion|watch live",
    r"(?:subscribe|sign up)(?: now)?",
    rf"load-date:{_WHEN}+|length: \d[\d,]* words|end of document",  # of Nexis
    r"click to (?:share on|print|e-?mail)\b.{0,60}\(opens in new window\)(?: [\w ]{1,20})?",
    r"submitted by\s+/?u/[\w-]+(?:\s+to\s+/?r/\w+)?(?:\s+\[link\])?(?:\s+\[comments\])?|\[link\]\s+\[comments\]",
    r"stay (?:updated|connected|informed)|(?:estimated )?reading time:? \d+ min(?:ute)?s?|\d+ min(?:ute)?s?[ -]read",
)
_INVITATIONS = (  # to the reader, and nothing else; none has a verb of `_REPORTED`
    # adverts
    r"\W*(?:(?:story|article|post|report) continue[sd]?|continue reading) (?:below|after)(?: (?:this|the|our))?"
    r"(?: (?:advert\w*|ad|videos?|photos?|gallery|map|tweet|newsletter|promotion|slideshow))*\W*",
    r"\W*scroll down (?:for|to (?:see|watch|view)) (?:(?:the|a|more|our) )?(?:videos?|photos?|pictures?|gallery)\W*",
    # links
    r"(?:watch|see|view|hear|read|photos?|video|map|gallery)\b[^«»]{1,100} »\W*",
    r"\W*(?:you can )?(?:read|see|watch|view) (?:the |our |his |her )?(?:full|rest of|entire|original) [^.,]{0,40}"
    r"\b(?:story|article|report|analysis|interview|segment|statement|letter|list|post|column|video|transcript)\b"
    r"[^.,]{0,40} (?:here|below)\W*",
    r"\W*(?:(?:for|to|if) [^.,]{1,60}, |please )?click here(?: (?:to|for) [^.,:;“\"]{1,80})?\W*",
    r"click for (?:more from|complete) (?-i:[A-Z]|the [A-Z])[^.,:;“\"]{1,40}\W*|sign up here\W*",
    # newsletters
    r"(?:please |you can |(?:get|want|to|for) [^.,:?“\"]{1,60}[,:?] )?sign up (?:for|to|here|today|now)\b"
    r"[^.,;“\"]{0,80}\b(?:newsletters?|your inbox)\b[^.,;“\"]{0,60}\W*",
    r"subscribe (?:to our|now|here|today)\b[^.,;“\"]{0,60}\b(?:newsletter|channel|podcast|inbox|updates)\b"
    r"[^.,;“\"]{0,40}\W*",
    r"by (?:(?:entering|submitting|providing) your|signing up|subscribing|clicking)\b.{0,120}"
    r"\byou (?:agree|consent) to\b.{0,60}"
    r"(?:terms|privacy|receive).{0,80}",
    r"you (?:also )?agree to\b[^“\"]{0,40}\b(?:privacy policy|terms of)\b[^“\"]{0,80}",
    r"(?:thanks|thank you) for (?:subscribing|signing up)\W*|(?:invalid|enter a valid) e-?mail(?: address)?\W*",
    r"(?:please )?enter your e-?mail(?: address)?(?: (?:below|here|to (?:subscribe|receive|get)\b[^.,;“\"]{0,40}))?\W*",
    rf"thanks for reading(?:{_CAPITAL}[^.?!“\"]{{1,60}})?!\W*|this post is public so feel free to share it\W*",
    r"subscribe for free to receive new posts(?: and support my work)?\W*",
    r"to receive new posts(?: and support my work)?, consider becoming a free or paid subscriber\W*",
    r"you (?:may opt.out|(?:may|can) unsubscribe) at any ?time\W*|let our news meet your inbox\W*",
    r"(?:(?:get|want)\b[^.“\"]{1,80}|[^.“\"]{1,80},) (?:straight|directly|(?:delivered|sent)(?: \w+)?) to your"
    r" (?:inbox|phone)(?: (?:each|every) \w+)?\W*",
    r"get the latest (?:[\w-]+ ){0,3}(?:news|updates|headlines)\b[^.“\"]{0,80}\b(?:inbox|e-?mail|app|here|newsletters?)"
    r"(?: (?:each|every) \w+)?\W*",
    r"download (?:our|the [^.,“\"]{0,30}\bnews) app\b[^.,;“\"]{0,60}\W*|get breaking news alerts\b[^.,;“\"]{0,40}\W*",
    r"catch all the [^.“\"]{0,120}\b(?:news|updates) on [^.,;“\"]{2,30}\W*|view all [^.,]{3,40} newsletters\W*",
    # followers
    rf"(?:(?:for|to) [^.,“\"]{{1,40}}, )?(?:please )?"
    rf"(?:like us|join us|follow (?!the |an? |this )[@\w.'’]+(?: [\w.'’]+){{0,2}}) on {_SITE}\b"
    rf"(?:[\s,&()/|:.]|(?:on|and|or|at|formerly)\b|{_SITE}\b|@\w++)*+"
    r"(?:for (?:more|updates|the latest)\b[^.,;“\"]{0,60})?\W*",
    # readers
    r"send your story ideas to\b[^“\"]{0,80}",
    r"(?:we want to hear what you think about this article|submit a letter to the editor\b[^.“\"]{0,60})(?:\.\w+)?\W*",
    r"send us your (?:story|stories|pictures|photos|news tips)\b[^.,;“\"]{0,40}\W*",
    r"(?:do you have|got) a (?:story|tip|news tip)(?: (?:for us|to share))?\?|e-?mail us at \S+@\S+",
    r"join the conversation(?: (?:at|on|below|in the comments|by following)\b[^.,;“\"]{0,60})?\W*",
    r"share your (?:story|stories|thoughts|views) (?:with us|below|in the comments)\b[^.,;“\"]{0,40}\W*",
)
_SOURCES = (  # of what a feed repeats
    rf"(?-i:The post){_TITLE}.{{1,150}} (?:appeared first on .|first appeared on {_CAPITAL}).{{1,60}}",
    r".{1,200} was originally published in .{1,80} on Medium, where people are continuing the conversation by"
    r" highlighting and responding to this story[^\w\n]*",
    r".{1,80} is a reader-supported publication\. To receive new posts and support my work, consider becoming a free or"
    r" paid subscriber[^\w\n]*",
)
_SENTENCES = (
    *_SOURCES,
    # all-capital texts have nothing that tells names from words
    rf"(?=(?:{'|'.join(_CREDITS)}))(?!(?-i:[^a-z]{{60}}))\W*+{_NAMES}\W*",
    r"(?-i:[^A-Z\d.“\"]{2,120}) contributed (?:to|reporting for|reporting to) this (?:report|story|article)\W*",
    rf"\W*(?:read (?:more|also|next)|also read|see (?:also|more|related stor(?:y|ies))|more stories|don.t miss"
    rf"|related(?: (?:stor(?:y|ies)|articles?|coverage|links?))?|also on (?!\w+day\b)(?-i:[A-Z]+)"
    rf"|in case you missed it)\s?[:»|>]{_TITLE}.{{1,150}}",
    rf"\W*(?:photo(?:graph)?|image|illustration)s?:{_TITLE}[^.?!]{{1,80}}\W*",
    r"\W*(?:image|photo|picture) credits?:[^.?!]{1,80}\W*",
    rf"(?-i:JUST WATCHED|MUST WATCH|(?:Media|Image) (?:caption|copyright)){_CAPITAL}.{{1,150}}",
    rf"media playback is (?:un|not )supported on (?:your|this) device(?:{_CAPITAL}.{{1,150}}|\W*)",
    rf"(?!.*{_REPORTED})(?:{'|'.join(_INVITATIONS)})",
    # forms
    r"completing this poll grants you access\b.{0,100}|.{0,20}this field is for validation purposes\b.{0,60}",
    r"this site is protected by recaptcha\b.{0,120}|please verify you.re not a robot\b.{0,60}",
    r"you must select a newsletter\b.{0,40}|an error has occurred\W*|please try again later\W*",
    r"(?:subscribed ?)?you.ve successfully subscribed\b.{0,60}",
    r"(?:newsletter sign up )?continue reading the main story\W*",
    # rights
    r"\W*(?:© ?(?:copyright )?|copyright (?:©|\(c\)) ?)(?:19|20)\d\d[^“\"]{0,150}",
    rf"\W*copyright (?:19|20)\d\d\W++{_NAMES}|(?-i:copyright (?:19|20)\d\d(?: [\w.]+){{1,4}})",
    r"(?:[^.“\"]{0,80}[,.;|] )?all rights reserved\W*",
    r"this (?:material|content|article|story) may not be (?:(?:published|reproduced|copied|republished|broadcast"
    r"|rewritten|redistributed|distributed|transmitted|or)\b\W*+){2,}(?:without\b.{0,100}|in (?:whole|any)\b.{0,100})?",
    r"(?:the )?[\w ]{2,20} is not responsible for the content of external (?:web)?sites\W*",
    r"(?:the )?(?:views|opinions)(?: and opinions)? expressed"
    r" (?:in this (?:commentary|(?:opinion )?article|column|piece|post|op-ed)|here"
    r"|by (?:the )?(?:author|writer|columnist|contributor)s?) (?:do not (?:necessarily )?(?:reflect|represent)\b"
    r"|are (?:solely|those of the (?:author|writer|columnist)|(?:their|his|her|the author.s) own)\b)[^“\"]{0,120}",
    r"(?:ireport(?:\.com)?:)[^“\"]{0,120}|e-?mail to a friend\W*|fox news flash\b.{0,60} (?:is|are) here\W*",
)
LINE = re.compile("|".join(_LINES), re.IGNORECASE)
SENTENCE = re.compile("|".join(_SENTENCES), re.IGNORECASE)
SOURCE_LINE = re.compile(rf"^(?:{'|'.join(_SOURCES)})(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)
SHARE_BUTTON = re.compile(rf"{_SITE}|tumblr|mastodon|pocket|nextdoor|print|e-?mail|more", re.IGNORECASE)
_PERSON = rf"{_CAPITALIZED}(?: (?:{_CAPITALIZED}|de|van|von|der|bin|al)){{1,4}}"
BYLINE = re.compile(
    rf"(?:By|BY):? (?:{_PERSON}|A[FP]P|Reuters|(?:[Ss]taff )?[Rr]eporters?)(?:(?:,| and|, and| &) {_PERSON})*"
    rf"(?:,? (?:for|of|in) {_CAPITALIZED}(?: {_CAPITALIZED})*)?"
    r"(?:, [\w ]{0,30}\b(?:[Cc]orrespondent|[Rr]eporter|[Ee]ditor|[Ww]riter|[Ss]taff|[Cc]olumnist|News|Press))?\.?"
)
LEADING = re.compile(  # a newspaper's page in one line: "By . Ann Lee . and Bo Hill . PUBLISHED: . 06:12 . | . "
    r"by ?\.\s+[\w'’-]+(?: [\w'’-]+){0,3}(?: for [\w ]{3,30}?)? ?\.\s+"
    rf"(?:and [\w'’ -]{{3,40}} ?\.\s+|(?:last )?(?:published|updated) ?:? ?\.\s+|\| ?\.\s+|{_WHEN}{{6,40}}\.\s+)*+",
    re.IGNORECASE,
)
