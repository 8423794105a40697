using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;

namespace BuildingMgmt.Database;

/// <summary>Argon2id hashes of passwords, as PHC strings: <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>.</summary>
public static class PasswordHash
{
    // OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane.
    private const int MemoryKiB = 19_456;
    private const int Passes = 2;
    private const int Lanes = 1;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    // Above these a stored string is taken for damaged: a login must not take a gigabyte or a minute.
    private const int MemoryKiBMax = 262_144;
    private const int PassesMax = 16;
    private const int LanesMax = 16;

    /// <summary>Hashes a password with a fresh salt. Takes some tens of milliseconds and 19 MiB.</summary>
    public static string Create(string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var hash = Compute(password, salt, MemoryKiB, Passes, Lanes, HashBytes);
        return $"$argon2id$v=19$m={MemoryKiB},t={Passes},p={Lanes}${Encode(salt)}${Encode(hash)}";
    }

    /// <summary>Whether the password is the one that was hashed, with the parameters that the hash names.</summary>
    /// <returns>False also for a hash that cannot be read.</returns>
    public static bool Verify(string password, string encodedHash)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentNullException.ThrowIfNull(encodedHash);
        if (password.Length == 0 || encodedHash.Split('$') is not ["", "argon2id", "v=19", var parameters, var saltText, var hashText])
            return false;
        if (parameters.Split(',') is not [var memory, var passes, var lanes]
            || !TryParse(memory, "m=", MemoryKiBMax, out var memoryKiB)
            || !TryParse(passes, "t=", PassesMax, out var passCount)
            || !TryParse(lanes, "p=", LanesMax, out var laneCount)
            || memoryKiB < 8 * laneCount
            || !TryDecode(saltText, out var salt) || salt.Length < 8
            || !TryDecode(hashText, out var expected) || expected.Length is < 16 or > 64)
        {
            return false;
        }

        var actual = Compute(password, salt, memoryKiB, passCount, laneCount, expected.Length);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }

    private static byte[] Compute(string password, byte[] salt, int memoryKiB, int passes, int lanes, int length)
    {
        using var argon2 = new Argon2id(Encoding.UTF8.GetBytes(password))
        {
            Salt = salt,
            MemorySize = memoryKiB,
            Iterations = passes,
            DegreeOfParallelism = lanes,
        };
        return argon2.GetBytes(length);
    }

    private static bool TryParse(string text, string prefix, int max, out int value)
    {
        value = 0;
        return text.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= 1 && value <= max;
    }

    // PHC strings are base64 without padding.
    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static bool TryDecode(string text, out byte[] bytes)
    {
        var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        bytes = new byte[padded.Length / 4 * 3];
        if (!Convert.TryFromBase64String(padded, bytes, out var written))
            return false;
        bytes = bytes[..written];
        return true;
    }
}
