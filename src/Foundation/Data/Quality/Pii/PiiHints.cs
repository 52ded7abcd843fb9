namespace EventMl.Data.Quality;

/// <summary>What a column's name says about its values.</summary>
internal static class PiiHints
{
    private static readonly (PiiKind Kind, string[] Words)[] s_words =
    [
        (PiiKind.Email, ["email", "mail", "mailaddress", "emailaddress"]),
        (PiiKind.Phone, ["phone", "telephone", "tel", "mobile", "cell", "fax", "phonenumber", "handy"]),
        (PiiKind.Iban, ["iban", "bankaccount"]),
        (PiiKind.CreditCard, ["creditcard", "cardnumber", "card", "pan", "ccnumber", "cc"]),
        (PiiKind.IpAddress, ["ip", "ipaddress", "ipaddr", "clientip", "remoteaddr"]),
        (PiiKind.UsSsn, ["ssn", "socialsecurity", "socialsecuritynumber"]),
        (PiiKind.CnResidentId, ["residentid", "idcard", "idnumber", "sfz", "shenfenzheng"]),
        (PiiKind.PersonName, ["firstname", "lastname", "surname", "givenname", "familyname", "fullname", "personname", "customername", "vorname", "nachname"]),
        (PiiKind.PostalAddress, ["address", "street", "streetaddress", "postaladdress", "homeaddress", "zip", "postcode", "zipcode"]),
        (PiiKind.BirthDate, ["birthdate", "dateofbirth", "dob", "birthday", "geburtsdatum"]),
    ];

    /// <summary>The name without case and separators: <c>E-Mail</c> and <c>e_mail</c> are both <c>email</c>.</summary>
    public static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    public static IEnumerable<PiiKind> Of(string name)
    {
        var plain = Plain(name);
        var words = Parts(name);
        var kinds = s_words.Where(w => w.Words.Contains(plain, StringComparer.Ordinal) || w.Words.Any(word => words.Contains(word, StringComparer.Ordinal) || Pairs(words).Contains(word, StringComparer.Ordinal)))
            .Select(w => w.Kind).ToList();
        // An ip_address or mail_address is no postal one.
        return kinds.Count > 1 ? kinds.Where(k => k != PiiKind.PostalAddress) : kinds;
    }

    private static IEnumerable<string> Pairs(IReadOnlyList<string> words) => words.Zip(words.Skip(1), (a, b) => a + b);

    /// <summary>The words of <c>homePhone</c>, <c>home_phone</c> and <c>HOME-PHONE</c>.</summary>
    private static List<string> Parts(string name)
    {
        var words = new List<string>();
        var start = 0;
        for (var i = 0; i <= name.Length; i++)
        {
            var ends = i == name.Length || !char.IsLetterOrDigit(name[i]) || (i > 0 && char.IsUpper(name[i]) && char.IsLower(name[i - 1]));
            if (!ends)
                continue;
            if (i > start)
                words.Add(name[start..i].ToLowerInvariant());
            start = i < name.Length && char.IsLetterOrDigit(name[i]) ? i : i + 1;
        }

        return words;
    }
}
