namespace BuildingMgmt.EventHubsEndpoint.Wire;

/// <summary>Where the parts of one encoded message lie, so that annotations can be added without touching the rest.</summary>
/// <param name="HeaderEnd">The header section, if any, is [0, HeaderEnd).</param>
/// <param name="AnnotationsStart">First key of the message annotations, or <paramref name="AnnotationsEnd"/> when there are none.</param>
/// <param name="AnnotationsEnd">End of the message annotations' last value.</param>
/// <param name="RestStart">Properties, application properties, body and footer: [RestStart, length).</param>
internal readonly record struct EventSections(int HeaderEnd, int AnnotationsStart, int AnnotationsEnd, int RestStart)
{
    /// <summary>Reads the layout of one message.</summary>
    /// <returns>False when the bytes are not a sequence of described sections, or annotations come after other sections.</returns>
    public static bool TryRead(ReadOnlySpan<byte> message, out EventSections sections)
    {
        var reader = new AmqpReader(message);
        var (headerEnd, annotationsStart, annotationsEnd, restStart) = (0, 0, 0, 0);
        ulong last = 0;
        sections = default;
        while (!reader.AtEnd)
        {
            var section = reader.ReadDescriptor();
            // Header, delivery annotations and message annotations open a message, in this order, once each (part 3, section 3.2).
            if (section is Descriptors.Header or Descriptors.DeliveryAnnotations or Descriptors.MessageAnnotations)
            {
                if (section <= last)
                    return false;
                last = section;
            }
            else
            {
                last = ulong.MaxValue;
            }

            if (section == Descriptors.MessageAnnotations)
            {
                var items = reader.ReadCompound(out annotationsEnd);
                annotationsStart = reader.Position;
                for (var i = 0; i < items && !reader.Failed; i++)
                    reader.Skip();
                if (reader.Position != annotationsEnd || items % 2 != 0)
                    return false;
            }
            else
            {
                reader.Skip();
            }

            if (section == Descriptors.Header)
                headerEnd = reader.Position;
            if (last != ulong.MaxValue)
                restStart = reader.Position;
        }

        if (reader.Failed || message.IsEmpty)
            return false;
        sections = new EventSections(headerEnd, annotationsStart, annotationsEnd, restStart);
        return true;
    }
}
